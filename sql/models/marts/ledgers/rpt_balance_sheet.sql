-- The accounts as they stand at the end of each period, and two computed lines of equity: the result of earlier years that
-- no closing entry carried forward (from the ledger by period), and that of the running year.
with all_rows as (
    select
        client_id,
        entity_code,
        account_id,
        period_code,
        currency_code,
        is_computed,
        fiscal_year,
        period_number,
        period_start_date,
        period_end_date,
        is_adjustment,
        account_code,
        account_name,
        account_type_code,
        account_class_code,
        opening_amount,
        closing_amount
    from {{ ref('rpt_general_ledger_by_period') }}
    where statement_code = 'balance_sheet'
    union all
    select
        client_id,
        entity_code,
        'current_year_earnings',
        period_code,
        currency_code,
        true,
        fiscal_year,
        period_number,
        period_start_date,
        period_end_date,
        is_adjustment,
        'current_year_earnings',
        'Current year earnings',
        'equity',
        'current_year_earnings',
        sum(opening_amount),
        sum(closing_amount)
    from {{ ref('rpt_general_ledger_by_period') }}
    where statement_code = 'profit_and_loss'
    group by
        client_id,
        entity_code,
        period_code,
        currency_code,
        fiscal_year,
        period_number,
        period_start_date,
        period_end_date,
        is_adjustment
)

select
    client_id,
    entity_code,
    account_id,
    period_code,
    currency_code,
    is_computed,
    fiscal_year,
    period_number,
    period_start_date,
    period_end_date,
    is_adjustment,
    account_code,
    account_name,
    account_type_code,
    account_class_code,
    (case account_type_code when 'asset' then 1 else -1 end * opening_amount)::numeric(24, 2) as opening_amount,
    (case account_type_code when 'asset' then 1 else -1 end * closing_amount)::numeric(24, 2) as amount,
    sum(closing_amount) over (partition by client_id, entity_code, period_code, currency_code)::numeric(24, 2)
        as check_amount,
    {{ cut_off() }} as known_at
from all_rows
