-- A key that two periods name is shown as the later one has it.
select distinct on (client_id, _source, employee_id, task_id)
    client_id,
    _source as source,
    nullif(_period, '') as period,
    employee_id,
    task_id,
    task_name,
    category_code,
    owner_name,
    is_mandatory,
    due_date,
    done_date,
    {{ address() }}
from {{ source('core', 'people_onboarding_tasks') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('people_onboarding_tasks') }}
order by client_id, _source, employee_id, task_id, _period desc
