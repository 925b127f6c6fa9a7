-- Of each employee and course one state. A completion is a course done and not failed. An assignment is open until there
-- is a completion on or after the day it was assigned (or was due). Whoever has left is not counted.
with trainings as (
    select
        training.*,
        {{ today() }} as as_of_date,
        coalesce(training.done_date <= {{ today() }}, false) and coalesce(result_code, 'attended') <> 'failed'
            as is_completed
    from {{ ref('stg_people__trainings') }} as training
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
),

completions as (
    select
        client_id,
        employee_id,
        course_id,
        max(done_date) as done_date,
        max(coalesce(valid_to_date, 'infinity')) as valid_to_date
    from trainings
    where is_completed
    group by client_id, employee_id, course_id
),

of_employees as (
    select
        client_id,
        course_id,
        employee_id,
        as_of_date,
        bool_or(is_mandatory) as is_mandatory,
        max(completion.valid_to_date) as valid_to_date,
        bool_or(is_open) as is_open,
        bool_or(is_open and due_date < as_of_date) as is_overdue
    from (
        select
            training.*,
            not is_completed and not coalesce(
                completion.done_date >= coalesce(assigned_date, due_date, completion.done_date), false) as is_open
        from trainings as training
        left join completions as completion using (client_id, employee_id, course_id)
    ) as training
    left join completions as completion using (client_id, employee_id, course_id)
    group by client_id, course_id, employee_id, as_of_date
),

states as (
    select
        state.*,
        coalesce(employee.department_group_name, 'not stated') as department_group_name,
        coalesce(employee.department_name, 'not stated') as department_name,
        case
            when state.valid_to_date < state.as_of_date then 'expired'
            when is_overdue then 'overdue'
            when state.valid_to_date is not null then 'valid'
            else 'open'
        end as state_code
    from of_employees as state
    left join {{ ref('int_people_employments') }} as employee
        on employee.client_id = state.client_id and employee.employee_id = state.employee_id and employee.is_newest
    where employee.employee_id is null or employee.is_employed
),

course_names as (
    select distinct on (client_id, course_id) client_id, course_id, course_name
    from trainings
    where course_name is not null
    order by client_id, course_id, delivery_id desc, row_number desc, row_part desc, source
)

select
    client_id,
    course_id,
    course_names.course_name,
    is_mandatory,
    department_group_name,
    department_name,
    as_of_date,
    count(*) as employees,
    count(*) filter (where state_code = 'valid') as valid_employees,
    count(*) filter (where state_code = 'expired') as expired_employees,
    count(*) filter (where state_code = 'overdue') as overdue_employees,
    count(*) filter (where state_code = 'open') as open_employees,
    count(*) filter (where state_code = 'valid' and valid_to_date <= as_of_date + 90) as expiring_90_days_employees,
    round(count(*) filter (where state_code = 'valid') * 100.0
        / nullif(count(*) filter (where state_code <> 'open'), 0), 2)::numeric(12, 2) as compliance_pct,
    {{ cut_off() }} as known_at
from states
left join course_names using (client_id, course_id)
group by client_id, course_id, course_names.course_name, is_mandatory, department_group_name, department_name, as_of_date
