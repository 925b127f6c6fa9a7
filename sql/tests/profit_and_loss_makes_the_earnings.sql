-- The year to date is the sum of the year's periods, and over all accounts it is the current year's earnings of the balance
-- sheet and what closing entries of the year have already carried away.
with results as (
    select
        *,
        sum(amount) over (
            partition by client_id, entity_code, currency_code, account_id, fiscal_year
            order by period_number, period_start_date, period_code
        ) as sum_to_date
    from {{ ref('rpt_profit_and_loss') }}
),

totals as (
    select
        client_id, entity_code, currency_code, period_code,
        sum(year_to_date_amount) as year_to_date_amount, sum(sum_to_date) as sum_to_date
    from results
    group by client_id, entity_code, currency_code, period_code
),

closings as (
    select
        *,
        sum(closing_entry_amount) over year
        + first_value(opening_amount) over year as carried_amount
    from {{ ref('rpt_general_ledger_by_period') }}
    where statement_code = 'profit_and_loss'
    window year as (
        partition by client_id, entity_code, currency_code, account_id, fiscal_year
        order by period_number, period_start_date, period_code
    )
),

carried as (
    select client_id, entity_code, currency_code, period_code, sum(carried_amount) as carried_amount
    from closings
    group by client_id, entity_code, currency_code, period_code
),

earnings as (
    select client_id, entity_code, currency_code, period_code, amount
    from {{ ref('rpt_balance_sheet') }}
    where account_id = 'current_year_earnings' and is_computed
)

select client_id, entity_code, currency_code, period_code
from totals
full join earnings using (client_id, entity_code, currency_code, period_code)
left join carried using (client_id, entity_code, currency_code, period_code)
where
    totals.year_to_date_amount is distinct from totals.sum_to_date
    or totals.year_to_date_amount is distinct from earnings.amount + carried.carried_amount
