-- Indirect method: the result, without what was no payment or is shown elsewhere, and the change of every other account.
-- Inflows are positive. Opening and closing entries move no cash.
with ledger as (
    select
        line.*,
        account.cash_flow_code as section_code,
        -- a client that calls accumulated depreciation operating has its depreciation there already
        bool_or(account.account_class_code = 'accumulated_depreciation' and account.cash_flow_code = 'operating')
            over (partition by line.client_id) as has_depreciation_in_operating,
        opening_entry_amount + closing_entry_amount - net_amount as flow_amount
    from {{ ref('rpt_general_ledger_by_period') }} as line
    join {{ ref('int_gl_accounts') }} as account using (client_id, account_id)
    where not line.is_computed
),

parts as (
    select *, 'operating' as section, 'result' as line_code, flow_amount as part_amount
    from ledger
    where statement_code = 'profit_and_loss'
    union all
    select *, 'operating', 'shown_elsewhere', -flow_amount
    from ledger
    where statement_code = 'profit_and_loss' and section_code <> 'operating'
    union all
    select *, section_code, account_class_code, flow_amount
    from ledger
    where statement_code = 'profit_and_loss' and section_code <> 'operating'
    union all
    select *, 'operating', 'depreciation', -flow_amount
    from ledger
    where
        account_class_code = 'depreciation' and statement_code = 'profit_and_loss' and section_code = 'operating'
        and not has_depreciation_in_operating
    union all
    select *, 'investing', 'accumulated_depreciation', flow_amount
    from ledger
    where
        account_class_code = 'depreciation' and statement_code = 'profit_and_loss' and section_code = 'operating'
        and not has_depreciation_in_operating
    union all
    select *, section_code, account_class_code, flow_amount
    from ledger
    where statement_code = 'balance_sheet' and section_code <> 'cash'
    union all
    select *, 'operating', 'exchange_on_cash', -revaluation_amount
    from ledger
    where statement_code = 'balance_sheet' and section_code = 'cash'
    union all
    select *, 'exchange', 'exchange_on_cash', revaluation_amount
    from ledger
    where statement_code = 'balance_sheet' and section_code = 'cash'
),

amounts as (
    select
        client_id,
        entity_code,
        period_code,
        currency_code,
        fiscal_year,
        period_number,
        period_start_date,
        period_end_date,
        is_adjustment,
        section as section_code,
        line_code,
        sum(part_amount) as amount
    from parts
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
),

lines as (
    select
        *,
        sum(amount) over (
            partition by client_id, entity_code, currency_code, section_code, line_code, fiscal_year
            order by period_number, period_start_date, period_code
        ) as year_to_date_amount
    from amounts
),

cash as (
    select
        client_id,
        entity_code,
        period_code,
        currency_code,
        sum(opening_amount + opening_entry_amount + closing_entry_amount) as opening_cash_amount,
        sum(closing_amount) as closing_cash_amount
    from ledger
    where statement_code = 'balance_sheet' and section_code = 'cash'
    group by client_id, entity_code, period_code, currency_code
)

select
    client_id,
    entity_code,
    period_code,
    currency_code,
    fiscal_year,
    period_number,
    period_start_date,
    period_end_date,
    is_adjustment,
    section_code,
    line_code,
    amount::numeric(24, 2) as amount,
    year_to_date_amount::numeric(24, 2) as year_to_date_amount,
    coalesce(opening_cash_amount, 0)::numeric(24, 2) as opening_cash_amount,
    coalesce(closing_cash_amount, 0)::numeric(24, 2) as closing_cash_amount,
    (
        coalesce(opening_cash_amount, 0) - coalesce(closing_cash_amount, 0)
        + sum(amount) over (partition by client_id, entity_code, period_code, currency_code)
    )::numeric(24, 2) as check_amount,
    {{ cut_off() }} as known_at
from lines
left join cash using (client_id, entity_code, period_code, currency_code)
where amount <> 0 or year_to_date_amount <> 0 or line_code = 'result'
