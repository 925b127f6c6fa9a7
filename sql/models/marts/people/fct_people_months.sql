-- Hours on call are no hours worked. What the client does not record stays empty: it is not zero.
with hours as (
    select
        client_id,
        employee_id,
        date_trunc('month', work_date)::date as month,
        sum(worked_hours) filter (where hours_kind_code <> 'standby') as worked_hours,
        sum(worked_hours) filter (where hours_kind_code = 'overtime') as overtime_hours
    from {{ ref('stg_people__timesheets') }}
    group by 1, 2, 3
),

absences as (
    select client_id, employee_id, month, sum(absence_days) as absence_days
    from {{ ref('int_people_absence_days') }}
    where absence_kind_code <> 'public_holiday'
    group by client_id, employee_id, month
),

trainings as (
    select
        client_id,
        employee_id,
        date_trunc('month', done_date)::date as month,
        count(*) as trainings,
        sum(training_hours) as training_hours
    from {{ ref('stg_people__trainings') }}
    where done_date is not null and coalesce(result_code, 'attended') <> 'failed'
    group by 1, 2, 3
),

months as (
    {% for relation in [ref('int_people_months'), 'hours', 'absences', 'trainings'] -%}
    select client_id, employee_id, month from {{ relation }}
    {% if not loop.last %}union{% endif %}
    {% endfor %}
),

-- each employee's number is turned into a pseudonym once
employees as (
    select client_id, employee_id, {{ pseudonym('employee_id') }} as employee_key
    from (select distinct client_id, employee_id from months) as employees
)

select
    client_id,
    month,
    employee_key,
    employed.employee_id is not null as is_employed,
    employed.entity_code,
    employed.department_group_name,
    employed.department_name,
    employed.cost_center_id,
    employed.full_time_equivalent,
    employed.due_days::numeric(12, 4) as due_days,
    hours.worked_hours::numeric(12, 2) as worked_hours,
    hours.overtime_hours::numeric(12, 2) as overtime_hours,
    absences.absence_days::numeric(12, 4) as absence_days,
    coalesce(trainings.trainings, 0) as trainings,
    trainings.training_hours::numeric(12, 2) as training_hours,
    {{ cut_off() }} as known_at
from months
join employees using (client_id, employee_id)
left join {{ ref('int_people_months') }} as employed using (client_id, employee_id, month)
left join hours using (client_id, employee_id, month)
left join absences using (client_id, employee_id, month)
left join trainings using (client_id, employee_id, month)
