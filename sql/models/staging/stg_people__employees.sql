select
    client_id,
    _source as source,
    employee_id,
    job_title,
    hire_date,
    exit_date,
    is_salaried,
    is_current,
    department_id,
    department_name,
    department_group_name,
    department_since_date,
    {{ address() }}
from {{ source('core', 'people_employees') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('people_employees') }}
