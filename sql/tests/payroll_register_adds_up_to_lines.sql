-- The register holds every line of the payslips once, per client, kind and currency.
with line as (
    select client_id, kind_code, currency_code, count(*) as lines, sum(pay_amount) as pay_amount,
        sum(net_effect_amount) as net_effect_amount, sum(cost_amount) as cost_amount
    from {{ ref('fct_payslip_lines') }}
    group by client_id, kind_code, currency_code
),

register as (
    select client_id, kind_code, currency_code, sum(lines) as lines, sum(pay_amount) as pay_amount,
        sum(net_effect_amount) as net_effect_amount, sum(cost_amount) as cost_amount
    from {{ ref('rpt_payroll_register') }}
    group by client_id, kind_code, currency_code
)

select client_id, kind_code, currency_code, line.pay_amount, register.pay_amount as in_register
from line
full join register using (client_id, kind_code, currency_code)
where (line.lines, line.pay_amount, line.net_effect_amount, line.cost_amount)
    is distinct from (register.lines, register.pay_amount, register.net_effect_amount, register.cost_amount)
