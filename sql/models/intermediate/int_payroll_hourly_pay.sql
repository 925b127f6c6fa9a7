-- What an employee earned in a year per hour of a full-time position: without overtime and severance, whose hours are no part
-- of it. Hours are those paid, where every line of base pay tells them; else those of the contract in the periods paid.
with lines as (
    select
        line.*,
        extract(year from line.period_end_date)::integer as pay_year,
        coalesce(line.purpose_code, 'base') = 'base' as is_base,
        coalesce(line.purpose_code, 'base') in ('base', 'holiday_pay', 'sick_pay') as is_time
    from {{ ref('fct_payslip_lines') }} as line
    where line.kind_code = 'earning' and coalesce(line.purpose_code, 'base') not in ('overtime', 'severance')
),

earned as (
    select
        client_id,
        source,
        employee_id,
        pay_year,
        currency_code,
        sum(pay_amount) as pay_amount,
        case when bool_and(paid_hours is not null) filter (where is_base)
            then sum(paid_hours) filter (where is_time) end as paid_hours
    from lines
    group by client_id, source, employee_id, pay_year, currency_code
),

periods as ( -- a period that is paid by two runs is one
    select distinct client_id, source, employee_id, pay_year, currency_code, period_start_date, period_end_date
    from lines
    where is_base and coalesce(run_kind_code, 'regular') = 'regular'
),

contracted as (
    select
        client_id,
        source,
        employee_id,
        pay_year,
        currency_code,
        sum(
            greatest(0, least(period_end_date, coalesce(person.exit_date, period_end_date))
                - greatest(period_start_date, person.hire_date) + 1)
        ) * min(coalesce(person.weekly_hours, person.full_time_equivalent * 40)) / 7 as contract_hours
    from periods
    join {{ ref('int_payroll_people') }} as person using (client_id, source, employee_id)
    group by client_id, source, employee_id, pay_year, currency_code
)

select
    client_id,
    source,
    employee_id,
    pay_year,
    currency_code,
    person.gender_code,
    person.entity_code,
    person.department_name,
    person.grade_id,
    person.location_name,
    person.employment_kind_code,
    round(pay_amount / coalesce(nullif(paid_hours, 0), contract_hours), 4) as hourly_amount
from earned
left join contracted using (client_id, source, employee_id, pay_year, currency_code)
join {{ ref('int_payroll_people') }} as person using (client_id, source, employee_id)
where
    person.gender_code is not null
    and earned.pay_amount > 0
    and coalesce(nullif(paid_hours, 0), contract_hours) > 0
