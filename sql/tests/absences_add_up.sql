-- Where all of a client is shown in a month, its days away are those of its employees; rounding may show in the last digit.
with months as (
    select client_id, month, sum(absence_days) as absence_days
    from {{ ref('fct_people_months') }}
    group by client_id, month
)

select client_id, month, absence.absence_days, months.absence_days as days_of_employees
from {{ ref('rpt_absence') }} as absence
left join months using (client_id, month)
where group_code = 'all' and not is_suppressed and abs(absence.absence_days - coalesce(months.absence_days, 0)) > 0.01
