-- The departments, and the companies, of a client make the client: heads, those who came and those who left. (Not transfers:
-- from one department to another is none of the client.)
with levels as (
    select
        client_id,
        month,
        level_code,
        sum(headcount) as headcount,
        sum(hires) as hires,
        sum(leavers) as leavers,
        sum(full_time_equivalent) as full_time_equivalent
    from {{ ref('rpt_headcount') }}
    group by client_id, month, level_code
)

select client_id, month, part.level_code
from levels as whole
full join (select * from levels where level_code <> 'client') as part using (client_id, month)
where
    whole.level_code = 'client'
    and (whole.headcount, whole.hires, whole.leavers, coalesce(whole.full_time_equivalent, 0)) is distinct from
        (part.headcount, part.hires, part.leavers, coalesce(part.full_time_equivalent, 0))
