-- All hours worked in core stand in the months of the employees; of an entry in two periods those of the later one.
with entries as (
    select distinct on (client_id, _source, employee_id, work_date, entry_id) client_id, worked_hours, hours_kind_code
    from {{ source('core', 'people_timesheets') }}
    where {{ known_at_cut_off() }}
    order by client_id, _source, employee_id, work_date, entry_id, _period desc
),

core as (
    select client_id, sum(worked_hours) as worked_hours
    from entries
    where hours_kind_code <> 'standby'
    group by client_id
),

mart as (
    select client_id, sum(worked_hours) as worked_hours
    from {{ whole(ref('fct_people_months')) }} as whole
    group by client_id
)

select client_id, core.worked_hours, mart.worked_hours as mart_worked_hours
from core
full join mart using (client_id)
where coalesce(core.worked_hours, 0) <> coalesce(mart.worked_hours, 0)
