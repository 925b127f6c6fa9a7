-- Opening + debit − credit = closing, and the closing of a period is the opening of the next: for profit and loss within a
-- fiscal year, which begins with nothing but what a closing entry of its first period carries away.
with balances as (
    select
        *,
        lag(closing_amount) over (
            partition by
                client_id, entity_code, currency_code, account_id, is_computed,
                case when statement_code = 'profit_and_loss' then fiscal_year end
            order by fiscal_year, period_number, period_start_date, period_code
        ) as former_closing_amount
    from {{ ref('rpt_general_ledger_by_period') }}
)

select *
from balances
where
    opening_amount + debit_amount - credit_amount <> closing_amount
    or debit_amount - credit_amount <> net_amount
    or not is_computed and former_closing_amount <> opening_amount
    or not is_computed and former_closing_amount is null and opening_amount not in (0, -closing_entry_amount)
