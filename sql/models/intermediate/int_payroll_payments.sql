-- The payslip or at least the run that a payment belongs to, by the numbers it names. Where several runs have the number: one
-- of the source of the same name, one with a payslip of the employee, the nearest by date.
with payments as (
    select distinct on (client_id, source, payment_id, run_id) *
    from {{ ref('stg_payroll__payments') }}
    order by client_id, source, payment_id, run_id, period desc nulls last
),

payslips as (
    select distinct client_id, source, run_id, period_end_date, employee_id, currency_code
    from {{ ref('fct_payslip_lines') }}
)

select distinct on (payment.client_id, payment.source, payment.payment_id, payment.run_id)
    payment.client_id,
    payment.source as payment_source,
    payment.payment_id,
    payment.run_id,
    coalesce(run.source, payment.source) as source,
    run.period_end_date,
    payment.employee_id,
    payment.currency_code,
    payment.payment_date,
    case when payment.payment_status_code = 'returned' then 0 else payment.paid_amount end as paid_amount,
    case when payment.payment_status_code = 'returned' then payment.paid_amount else 0 end as returned_amount
from payments as payment
left join {{ ref('int_payroll_runs') }} as run
    on run.client_id = payment.client_id and run.run_id = payment.run_id
left join payslips as payslip
    on payslip.client_id = run.client_id and payslip.source = run.source and payslip.run_id = run.run_id
    and payslip.period_end_date = run.period_end_date
    and payslip.employee_id = payment.employee_id and payslip.currency_code = payment.currency_code
order by
    payment.client_id, payment.source, payment.payment_id, payment.run_id,
    payment.source in (run.source, run.told_source) desc nulls last,
    payslip.employee_id is not null desc,
    run.source = payment.source desc nulls last,
    abs(coalesce(run.pay_date, run.period_end_date) - payment.payment_date),
    run.source,
    run.period_end_date
