-- A key that two periods name is shown as the later one has it.
select distinct on (client_id, _source, employee_id, work_date, entry_id)
    client_id,
    _source as source,
    nullif(_period, '') as period,
    employee_id,
    work_date,
    entry_id,
    worked_hours,
    hours_kind_code,
    cost_center_id,
    project_id,
    approved_date,
    {{ address() }}
from {{ source('core', 'people_timesheets') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('people_timesheets') }}
order by client_id, _source, employee_id, work_date, entry_id, _period desc
