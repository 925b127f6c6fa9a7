-- What the payslips of a run come to on the accounts of their wage types, debits positive. Net pay that no line states goes to
-- the account of the client's wage type of kind net, if there is one.
with lines as (
    select line.*, coalesce(run.told_source, run.source) as whose
    from {{ ref('fct_payslip_lines') }} as line
    join {{ ref('int_payroll_runs') }} as run using (client_id, source, run_id, period_end_date)
),

net_accounts as (
    select client_id, min(account_id) as account_id
    from {{ ref('stg_payroll__wage_types') }}
    where kind_code = 'net' and account_id is not null
    group by client_id
    having count(distinct account_id) = 1
),

net_pay as ( -- stated lines stand for themselves
    select
        client_id,
        coalesce(run.told_source, run.source) as whose,
        run_id,
        period_end_date,
        payslip.entity_code,
        payslip.currency_code,
        -payslip.net_amount as amount
    from {{ ref('rpt_gross_to_net') }} as payslip
    join {{ ref('int_payroll_runs') }} as run using (client_id, source, run_id, period_end_date)
    where payslip.has_payslip and payslip.stated_net_amount is null and payslip.net_amount is not null
),

posted as (
    select
        client_id, whose, run_id, period_end_date, entity_code, currency_code, account_id, kind_code, is_statutory,
        authority_name, pay_date,
        case when kind_code in ('deduction', 'tax', 'net') then -pay_amount else pay_amount end as amount,
        kind_code in ('deduction', 'tax') as is_owed
    from lines
    where kind_code in ('earning', 'reimbursement', 'deduction', 'tax', 'employer_cost', 'net')
    union all
    select
        client_id, whose, run_id, period_end_date, entity_code, currency_code, contra_account_id,
        'employer_cost_liability', is_statutory, authority_name, pay_date, -pay_amount, true
    from lines
    where kind_code = 'employer_cost'
    union all
    select
        client_id, whose, run_id, period_end_date, entity_code, currency_code, net_accounts.account_id,
        'net', false, null, null, amount, false
    from net_pay
    left join net_accounts using (client_id)
)

select
    client_id,
    whose as source,
    run_id,
    period_end_date,
    entity_code,
    currency_code,
    account_id,
    kind_code,
    is_statutory and is_owed as is_owed_by_law,
    authority_name,
    max(pay_date) as pay_date,
    sum(amount) as amount
from posted
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
