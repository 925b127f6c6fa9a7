-- Employees with pay rates, and for each run whether one of them began between the start of the run before and its own end.
with rates as (
    select *, min(source) over number = max(source) over number as is_only_source
    from {{ ref('stg_payroll__pay_rates') }}
    window number as (partition by client_id, employee_id)
),

named as (
    select distinct client_id, source, employee_id from {{ ref('fct_payslip_lines') }}
)

select
    client_id,
    run.source,
    run.run_id,
    run.period_end_date,
    named.employee_id,
    bool_or(rate.valid_from_date > run.previous_period_start_date and rate.valid_from_date <= run.period_end_date)
        as has_changed
from {{ ref('int_payroll_runs') }} as run
join named using (client_id, source)
join rates as rate using (client_id, employee_id)
where run.previous_run_id is not null and (rate.source = run.source or rate.is_only_source)
group by 1, 2, 3, 4, 5
