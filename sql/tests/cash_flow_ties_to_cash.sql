-- Opening cash and all flows make the closing cash of the ledger, but for what the period's entries are out of balance by.
with flows as (
    select
        client_id, entity_code, currency_code, period_code, opening_cash_amount, closing_cash_amount, check_amount,
        sum(amount) as amount
    from {{ ref('rpt_cash_flow_statement') }}
    group by 1, 2, 3, 4, 5, 6, 7
),

ledger as (
    select
        client_id, entity_code, line.currency_code, period_code,
        sum(net_amount - opening_entry_amount - closing_entry_amount) as out_of_balance_amount,
        coalesce(sum(closing_amount) filter (
            where account.cash_flow_code = 'cash' and account.statement_code = 'balance_sheet'
        ), 0) as cash_amount
    from {{ ref('rpt_general_ledger_by_period') }} as line
    join {{ ref('int_gl_accounts') }} as account using (client_id, account_id)
    where not line.is_computed
    group by client_id, entity_code, line.currency_code, period_code
)

select client_id, entity_code, currency_code, period_code
from flows
join ledger using (client_id, entity_code, currency_code, period_code)
where
    closing_cash_amount <> cash_amount
    or check_amount <> -out_of_balance_amount
    or opening_cash_amount + amount - closing_cash_amount <> check_amount
