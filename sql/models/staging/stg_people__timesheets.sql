select
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
