-- The runs hold every payslip and payment of a run once, per client and currency.
{%- set sums = 'sum(gross_amount) as gross, sum(net_amount) as net, sum(paid_amount) as paid,
        sum(payment_difference_amount) as difference' %}
with payslip as (
    select client_id, currency_code, {{ sums }}
    from {{ ref('rpt_gross_to_net') }}
    where period_end_date is not null -- a payment may name a run that nobody knows
    group by client_id, currency_code
),

run as (
    select client_id, currency_code, {{ sums }}
    from {{ ref('rpt_payroll_run_totals') }}
    group by client_id, currency_code
)

select client_id, currency_code, payslip.gross, run.gross as in_runs
from payslip
full join run using (client_id, currency_code)
where (payslip.gross, payslip.net, payslip.paid, payslip.difference)
    is distinct from (run.gross, run.net, run.paid, run.difference)
