-- The two adjusted balances differ only where the statements themselves do not go on from their first opening balance to
-- the last closing balance by their lines. What reports and notices told since stands on both sides.
with closings as (
    select distinct on (client_id, source, bank_account_id)
        client_id, bank_account_id, closing_amount, currency_code, statement_date
    from {{ ref('int_bank_lines') }}
    where is_of_statement
    order by client_id, source, bank_account_id, statement_date desc, statement_number desc, statement_id desc, line_id desc
),

told as (
    select client_id, bank_account_id, closing_amount as amount, currency_code, statement_date
    from closings
    union all
    select client_id, bank_account_id, transaction_amount, currency_code, null
    from {{ ref('int_bank_lines') }}
    where not is_of_statement
),

statements as (
    select
        client_id, unit.unit_id, told.currency_code, sum(told.amount) as statement_amount,
        max(told.statement_date) as statement_date
    from told
    join {{ ref('int_bank_units') }} as unit using (client_id, bank_account_id)
    group by client_id, unit.unit_id, told.currency_code
),

units as (
    select
        client_id,
        unit_id,
        max(entity_code) as entity_code,
        max(account_id) as account_id,
        count(*) as bank_accounts
    from {{ ref('int_bank_units') }}
    group by client_id, unit_id
),

sums as (
    select
        client_id,
        unit_id,
        item.currency_code,
        coalesce(sum(item_amount) filter (where side_code = 'books'), 0) as books_amount,
        coalesce(
            sum(item_amount) filter (where side_code = 'books' and match.rule_code is null and item_amount > 0), 0)
            as in_transit_amount,
        coalesce(
            sum(item_amount) filter (where side_code = 'books' and match.rule_code is null and item_amount < 0), 0)
            as outstanding_amount,
        coalesce(sum(item_amount) filter (where side_code = 'bank' and match.rule_code is null), 0) as not_booked_amount,
        coalesce(
            sum(case side_code when 'bank' then item_amount else - item_amount end)
                filter (where match.rule_code is not null), 0) as match_difference_amount,
        count(*) filter (where match.rule_code is not null) as matched_items,
        count(*) filter (where match.rule_code is null) as unmatched_items
    from {{ ref('int_bank_items') }} as item
    left join {{ ref('int_bank_matches') }} as match using (item_key)
    group by client_id, unit_id, item.currency_code
)

select
    client_id,
    unit_id,
    units.entity_code,
    units.account_id,
    units.bank_accounts,
    sums.currency_code,
    statements.statement_date,
    coalesce(statement_amount, 0) as statement_amount,
    in_transit_amount,
    outstanding_amount,
    coalesce(statement_amount, 0) + in_transit_amount + outstanding_amount as adjusted_bank_amount,
    books_amount,
    not_booked_amount,
    match_difference_amount,
    books_amount + not_booked_amount + match_difference_amount as adjusted_books_amount,
    coalesce(statement_amount, 0) + in_transit_amount + outstanding_amount
        - (books_amount + not_booked_amount + match_difference_amount) as difference_amount,
    matched_items,
    unmatched_items,
    {{ cut_off() }} as known_at
from sums
join units using (client_id, unit_id)
left join statements using (client_id, unit_id, currency_code)
