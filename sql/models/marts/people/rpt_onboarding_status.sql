-- A task without a word about it is mandatory. Whoever has left before all was done is not waited for.
with tasks as (
    select
        task.client_id,
        task.source,
        task.employee_id,
        task.due_date,
        coalesce(task.is_mandatory, true) as is_mandatory,
        case when task.done_date <= {{ today() }} then task.done_date end as done_date,
        {{ today() }} as as_of_date
    from {{ ref('stg_people__onboarding_tasks') }} as task
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
),

counted as (
    select
        client_id,
        source,
        employee_id,
        as_of_date,
        count(*) as tasks,
        count(done_date) as done_tasks,
        count(*) filter (where is_mandatory) as mandatory_tasks,
        count(done_date) filter (where is_mandatory) as done_mandatory_tasks,
        count(*) filter (where done_date <= due_date) as done_in_time_tasks,
        count(*) filter (where done_date is null and due_date < as_of_date) as overdue_tasks,
        count(*) filter (where is_mandatory and done_date is null and due_date < as_of_date) as overdue_mandatory_tasks,
        min(due_date) filter (where done_date is null) as next_due_date,
        max(done_date) filter (where is_mandatory) as last_done_date
    from tasks
    group by client_id, source, employee_id, as_of_date
)

select
    client_id,
    counted.source,
    employee_id,
    employee.hire_date,
    coalesce(employee.department_group_name, 'not stated') as department_group_name,
    coalesce(employee.department_name, 'not stated') as department_name,
    counted.as_of_date,
    case
        when done_mandatory_tasks = mandatory_tasks then 'complete'
        when employee.last_date < counted.as_of_date then 'left'
        when overdue_mandatory_tasks > 0 then 'overdue'
        when done_tasks > 0 then 'in_progress'
        else 'not_started'
    end as status_code,
    tasks,
    done_tasks,
    mandatory_tasks,
    done_mandatory_tasks,
    done_in_time_tasks,
    overdue_tasks,
    overdue_mandatory_tasks,
    round(done_mandatory_tasks * 100.0 / nullif(mandatory_tasks, 0), 2)::numeric(12, 2) as complete_pct,
    next_due_date,
    case when done_mandatory_tasks = mandatory_tasks then last_done_date end as completed_date,
    case when done_mandatory_tasks = mandatory_tasks then last_done_date - employee.hire_date end as days_to_complete,
    {{ cut_off() }} as known_at
from counted
left join {{ ref('int_people_employments') }} as employee using (client_id, employee_id)
where employee.employee_id is null or employee.is_newest
