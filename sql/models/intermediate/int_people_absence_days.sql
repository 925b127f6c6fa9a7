-- Days away by absence and month, up to today: what was taken or approved. The days that the client states are spread over the
-- Mondays to Fridays of the absence (over all days if it has none). Where it states hours only, the hours of a full-time
-- day make a day; where it states nothing, every Monday to Friday is one, times the share of a full-time position.
with absences as (
    select
        absence.client_id,
        absence.source,
        absence_id,
        employee_id,
        absence_kind_code,
        start_date,
        coalesce(end_date, {{ today() }}) as end_date,
        least(end_date, {{ today() }}) as until_date,
        coalesce(
            absence_days,
            absence_hours / nullif(employee.weekly_hours / 5 / nullif(coalesce(employee.full_time_equivalent, 1), 0), 0)
        ) as stated_days,
        coalesce(employee.full_time_equivalent, 1) as full_time_equivalent
    from {{ ref('stg_people__absences') }} as absence
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
    left join (select * from {{ ref('int_people_employments') }} where is_newest) as employee
        using (client_id, employee_id)
    where coalesce(absence_status_code, 'taken') in ('taken', 'approved') and start_date <= {{ today() }}
),

parts as (
    select
        absences.*,
        month::date as month,
        greatest(start_date, month::date) as first_date,
        least(until_date, (month + interval '1 month')::date - 1) as last_date
    from absences
    cross join generate_series(
        date_trunc('month', start_date::timestamp), until_date::timestamp, interval '1 month'
    ) as month
)

select
    client_id,
    source,
    absence_id,
    employee_id,
    absence_kind_code,
    month,
    coalesce(
        stated_days * case
            when {{ weekdays('start_date', 'end_date') }} > 0
                then {{ weekdays('first_date', 'last_date') }}::numeric / {{ weekdays('start_date', 'end_date') }}
            else (last_date - first_date + 1)::numeric / (end_date - start_date + 1)
        end,
        {{ weekdays('first_date', 'last_date') }} * full_time_equivalent
    )::numeric(14, 6) as absence_days
from parts
