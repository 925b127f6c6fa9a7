-- The departments of a client hold every current and every former employee once.
with core as (
    select client_id, count(*) filter (where is_current) as headcount, count(*) as employees
    from {{ source('core', 'people_employees') }}
    where {{ known_at_cut_off() }}
    group by client_id
),

mart as (
    select client_id, sum(headcount) as headcount, sum(headcount + former_employees) as employees
    from {{ whole(ref('rpt_headcount')) }} as whole
    group by client_id
)

select client_id, core.headcount, mart.headcount as mart_headcount, core.employees, mart.employees as mart_employees
from core
full join mart using (client_id)
where (core.headcount, core.employees) is distinct from (mart.headcount, mart.employees)
