-- Every payroll journal and every line that is posted stands in it once, per client and currency, and each difference that is
-- not zero is explained.
with ledger as (
    select client_id, currency_code, sum(amount) as ledger_amount
    from {{ whole_of_changed_clients(ref('fct_payroll_postings'), 'ledgers_gl_entries') }} as posting
    group by client_id, currency_code
),

payroll as ( -- employer costs are on both sides
    select client_id, currency_code,
        sum(case kind_code when 'earning' then pay_amount when 'reimbursement' then pay_amount
            when 'deduction' then -pay_amount when 'tax' then -pay_amount when 'net' then -pay_amount else 0 end)
            as payroll_amount
    from {{ ref('rpt_payroll_register') }}
    group by client_id, currency_code
),

net_not_stated as (
    select client_id, currency_code, sum(net_amount) as net_amount
    from {{ ref('rpt_gross_to_net') }}
    where has_payslip and stated_net_amount is null
    group by client_id, currency_code
),

mart as (
    select client_id, currency_code, sum(ledger_amount) as ledger_amount, sum(payroll_amount) as payroll_amount,
        bool_or((explanation_code = 'agrees') <> coalesce(difference_amount = 0, false) and explanation_code <> 'no_run')
            as is_not_explained
    from {{ ref('rpt_payroll_to_ledger') }}
    group by client_id, currency_code
)

select client_id, currency_code, mart.ledger_amount, ledger.ledger_amount as in_ledger, mart.payroll_amount
from mart
full join ledger using (client_id, currency_code)
full join payroll using (client_id, currency_code)
left join net_not_stated using (client_id, currency_code)
where
    coalesce(mart.ledger_amount, 0) <> coalesce(ledger.ledger_amount, 0)
    or coalesce(mart.payroll_amount, 0) <> coalesce(payroll.payroll_amount, 0) - coalesce(net_not_stated.net_amount, 0)
    or mart.is_not_explained
