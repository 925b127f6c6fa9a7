-- Each employee has one state per course, and no course has more employees than it was assigned to.
with mart as (
    select client_id, course_id, sum(employees) as employees,
        sum(valid_employees + expired_employees + overdue_employees + open_employees) as states
    from {{ whole(ref('rpt_training_compliance')) }} as whole
    group by client_id, course_id
),

core as (
    select client_id, course_id, count(distinct employee_id) as employees
    from {{ source('core', 'people_trainings') }}
    where {{ known_at_cut_off() }}
    group by client_id, course_id
)

select client_id, course_id, mart.employees, mart.states, core.employees as assigned
from mart
left join core using (client_id, course_id)
where mart.employees <> mart.states or mart.employees > coalesce(core.employees, 0)
