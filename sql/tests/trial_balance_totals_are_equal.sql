-- Debits equal credits, in the balances before, the movements and the balances after; where entries do not balance, by
-- exactly what they are out by.
with entries as (
    select client_id, entity_code, currency_code, period_order, sum(amount) as amount
    from {{ ref('int_gl_movements') }}
    join {{ ref('int_gl_posted_periods') }} using (client_id, entity_code, period_code)
    group by client_id, entity_code, currency_code, period_order
),

totals as (
    select
        client_id, entity_code, trial.currency_code, period_code, period.period_order,
        sum(opening_debit_amount) - sum(opening_credit_amount) as opening_amount,
        sum(debit_amount) - sum(credit_amount) as amount,
        sum(closing_debit_amount) - sum(closing_credit_amount) as closing_amount
    from {{ ref('rpt_trial_balance') }} as trial
    join {{ ref('int_gl_posted_periods') }} as period using (client_id, entity_code, period_code)
    group by client_id, entity_code, trial.currency_code, period_code, period.period_order
)

select client_id, entity_code, totals.currency_code, period_code
from totals
join entries using (client_id, entity_code, currency_code)
where entries.period_order <= totals.period_order
group by client_id, entity_code, totals.currency_code, period_code, opening_amount, totals.amount, closing_amount
having
    opening_amount <> coalesce(sum(entries.amount) filter (where entries.period_order < totals.period_order), 0)
    or totals.amount <> coalesce(sum(entries.amount) filter (where entries.period_order = totals.period_order), 0)
    or closing_amount <> sum(entries.amount)
