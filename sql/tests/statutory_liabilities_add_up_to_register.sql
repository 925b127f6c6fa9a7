-- What is due to authorities are the lines owed by law, and nothing is paid beyond it.
with line as (
    select client_id, currency_code, sum(pay_amount) as due_amount
    from {{ ref('fct_payslip_lines') }}
    where is_statutory and kind_code in ('deduction', 'tax', 'employer_cost')
    group by client_id, currency_code
),

mart as (
    select client_id, currency_code, sum(due_amount) as due_amount,
        bool_or(paid_amount < 0 or paid_amount > greatest(due_amount, 0)
            or due_amount <> withheld_amount + employer_amount) as is_wrong
    from {{ ref('rpt_statutory_liabilities') }}
    group by client_id, currency_code
)

select client_id, currency_code, line.due_amount, mart.due_amount as in_mart
from line
full join mart using (client_id, currency_code)
where line.due_amount is distinct from mart.due_amount or mart.is_wrong
