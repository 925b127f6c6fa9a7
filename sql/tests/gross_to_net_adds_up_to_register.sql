-- Of each payslip whose parts are told, net is what the lines of the register add to it, and gross its earnings.
with register as (
    select client_id, source, run_id, period_end_date, employee_id, currency_code,
        sum(net_effect_amount) as net_amount,
        sum(pay_amount) filter (where kind_code = 'earning') as earning_amount,
        bool_or(bool_or(kind_code = 'earning')) over by_source
            and bool_or(bool_or(kind_code in ('deduction', 'tax'))) over by_source as tells_net
    from {{ ref('rpt_payroll_register') }}
    group by client_id, source, run_id, period_end_date, employee_id, currency_code
    window by_source as (partition by client_id, source)
),

payslip as (
    select * from {{ ref('rpt_gross_to_net') }} where has_payslip
)

select client_id, source, run_id, employee_id, currency_code, register.net_amount, payslip.net_amount as shown_net_amount
from register
full join payslip using (client_id, source, run_id, period_end_date, employee_id, currency_code)
where
    register.client_id is null
    or payslip.client_id is null
    or (register.tells_net and register.net_amount is distinct from payslip.net_amount)
    or (not register.tells_net and payslip.net_check_code in ('agrees', 'differs'))
    or coalesce(register.earning_amount, 0) <> coalesce(payslip.earning_amount, 0)
