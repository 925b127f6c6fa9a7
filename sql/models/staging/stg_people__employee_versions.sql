-- Every version of every employee, as it was known at the cut-off: who left, moved or was never named again.
select
    client_id,
    _source as source,
    employee_id,
    job_title,
    hire_date,
    exit_date,
    exit_reason_code,
    is_salaried,
    is_current,
    department_id,
    department_name,
    department_group_name,
    department_since_date,
    person_id,
    entity_code,
    employment_kind_code,
    position_id,
    grade_id,
    manager_id,
    cost_center_id,
    location_name,
    full_time_equivalent,
    weekly_hours,
    _known_from as known_from,
    {{ ended_so_far() }} as known_to,
    {{ address() }}
from {{ source('core', 'people_employees') }} as version
where
    {{ known_so_far() }}
    and {{ of_changed_clients('people_employees') }}
    and not {{ taken_back('people.employees') }}
