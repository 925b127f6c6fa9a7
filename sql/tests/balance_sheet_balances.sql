-- Assets = liabilities + equity in every period, but for what the entries themselves are out of balance by: the check, which
-- is that of the trial balance.
with sides as (
    select
        client_id, entity_code, currency_code, period_code, check_amount,
        sum(case account_type_code when 'asset' then amount else -amount end) as difference_amount
    from {{ ref('rpt_balance_sheet') }}
    group by client_id, entity_code, currency_code, period_code, check_amount
),

trial as (
    select
        client_id, entity_code, currency_code, period_code,
        sum(closing_debit_amount) - sum(closing_credit_amount) as difference_amount
    from {{ ref('rpt_trial_balance') }}
    group by client_id, entity_code, currency_code, period_code
)

select client_id, entity_code, currency_code, period_code
from sides
full join trial using (client_id, entity_code, currency_code, period_code)
where
    sides.difference_amount is distinct from trial.difference_amount
    or sides.check_amount is distinct from trial.difference_amount
