-- The departments of a client hold everybody once who is employed according to core, at the end of the day.
with listed as (
    select distinct on (client_id, employee_id) client_id, is_current, hire_date, exit_date, {{ today() }} as today
    from {{ source('core', 'people_employees') }}
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
    where {{ known_at_cut_off() }}
    order by client_id, employee_id, _known_from desc, _source
),

core as (
    select client_id, count(*) as headcount
    from listed
    where is_current and hire_date <= today and exit_date is distinct from today
    group by client_id
),

mart as (
    select client_id, level_code, sum(headcount) as headcount
    from {{ whole(ref('rpt_headcount')) }} as whole
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
    where until_date = {{ today() }}
    group by client_id, level_code
)

select client_id, level_code, core.headcount, mart.headcount as mart_headcount
from (select client_id, level_code, headcount from core cross join (values ('department'), ('client')) as l (level_code)) as core
full join (select * from mart where level_code <> 'entity') as mart using (client_id, level_code)
where coalesce(core.headcount, 0) <> coalesce(mart.headcount, 0)
