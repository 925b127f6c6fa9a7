-- Balance-sheet accounts carry over; profit-and-loss accounts start each fiscal year at zero. What a closing entry in the
-- first period of a year carries forward is the result of the year before: until then it still stands on its account.
with firsts as (
    select client_id, entity_code, currency_code, account_id, min(period_order) as first_order
    from {{ ref('int_gl_movements') }}
    join {{ ref('int_gl_posted_periods') }} using (client_id, entity_code, period_code)
    group by client_id, entity_code, currency_code, account_id
),

movements as (
    select
        client_id,
        entity_code,
        currency_code,
        account_id,
        period_code,
        calendar.fiscal_year,
        calendar.period_order,
        account.statement_code = 'profit_and_loss' as is_of_result,
        coalesce(movement.debit_amount, 0) as debit_amount,
        coalesce(movement.credit_amount, 0) as credit_amount,
        coalesce(movement.amount, 0) as net_amount,
        coalesce(movement.opening_entry_amount, 0) as opening_entry_amount,
        coalesce(movement.closing_entry_amount, 0) as closing_entry_amount,
        coalesce(movement.revaluation_amount, 0) as revaluation_amount,
        case
            when account.statement_code = 'profit_and_loss' and calendar.begins_later_year
                then -coalesce(movement.closing_entry_amount, 0)
            else 0
        end as brought_forward_amount
    from firsts
    join {{ ref('int_gl_posted_periods') }} as calendar using (client_id, entity_code)
    join {{ ref('int_gl_accounts') }} as account using (client_id, account_id)
    left join {{ ref('int_gl_movements') }} as movement
        using (client_id, entity_code, currency_code, account_id, period_code)
    where calendar.period_order >= firsts.first_order
),

balances as (
    select
        *,
        sum(net_amount + brought_forward_amount) over (
            partition by client_id, entity_code, currency_code, account_id, case when is_of_result then fiscal_year end
            order by period_order
        ) as closing_amount
    from movements
),

years as (
    select
        client_id,
        entity_code,
        currency_code,
        fiscal_year,
        coalesce(
            sum(sum(net_amount)) over (
                partition by client_id, entity_code, currency_code
                order by fiscal_year
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) - sum(brought_forward_amount) as earlier_result_amount
    from movements
    where is_of_result
    group by client_id, entity_code, currency_code, fiscal_year
),

all_rows as (
    select
        client_id,
        entity_code,
        currency_code,
        account_id,
        period_code,
        false as is_computed,
        closing_amount - net_amount as opening_amount,
        debit_amount,
        credit_amount,
        net_amount,
        closing_amount,
        opening_entry_amount,
        closing_entry_amount,
        revaluation_amount
    from balances
    union all
    select
        year.client_id,
        year.entity_code,
        year.currency_code,
        coalesce(entity.retained_earnings_account_id, 'retained_earnings'),
        calendar.period_code,
        true,
        year.earlier_result_amount,
        0,
        0,
        0,
        year.earlier_result_amount,
        0,
        0,
        0
    from years as year
    join {{ ref('int_gl_posted_periods') }} as calendar using (client_id, entity_code, fiscal_year)
    left join {{ ref('int_gl_entities') }} as entity using (client_id, entity_code)
    where year.earlier_result_amount <> 0
)

select
    client_id,
    entity_code,
    account_id,
    period_code,
    all_rows.currency_code,
    all_rows.is_computed,
    calendar.fiscal_year,
    calendar.period_number,
    calendar.start_date as period_start_date,
    calendar.end_date as period_end_date,
    calendar.is_adjustment,
    account.account_code,
    coalesce(account.account_name, 'Retained earnings') as account_name,
    coalesce(account.account_type_code, 'equity') as account_type_code,
    coalesce(account.account_class_code, 'retained_earnings') as account_class_code,
    coalesce(account.statement_code, 'balance_sheet') as statement_code,
    coalesce(account.is_in_chart, false) as is_in_chart,
    all_rows.opening_amount::numeric(24, 2) as opening_amount,
    all_rows.debit_amount::numeric(24, 2) as debit_amount,
    all_rows.credit_amount::numeric(24, 2) as credit_amount,
    all_rows.net_amount::numeric(24, 2) as net_amount,
    all_rows.closing_amount::numeric(24, 2) as closing_amount,
    all_rows.opening_entry_amount::numeric(24, 2) as opening_entry_amount,
    all_rows.closing_entry_amount::numeric(24, 2) as closing_entry_amount,
    all_rows.revaluation_amount::numeric(24, 2) as revaluation_amount,
    {{ cut_off() }} as known_at
from all_rows
join {{ ref('int_gl_posted_periods') }} as calendar using (client_id, entity_code, period_code)
left join {{ ref('int_gl_accounts') }} as account using (client_id, account_id)
