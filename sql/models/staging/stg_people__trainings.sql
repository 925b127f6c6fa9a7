-- A key that two periods name is shown as the later one has it.
select distinct on (client_id, _source, training_id)
    client_id,
    _source as source,
    nullif(_period, '') as period,
    training_id,
    employee_id,
    course_id,
    course_name,
    is_mandatory,
    assigned_date,
    due_date,
    done_date,
    valid_to_date,
    training_hours,
    result_code,
    {{ address() }}
from {{ source('core', 'people_trainings') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('people_trainings') }}
order by client_id, _source, training_id, _period desc
