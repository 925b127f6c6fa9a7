-- By movements; places that no movement names, by the last list of the month. The ledger is that of all companies of the client, in
-- the currency of their books, to the end of the month.
with listed as (
    select
        stock.client_id,
        (date_trunc('month', list_date) + interval '1 month')::date - 1 as month_end_date,
        stock.currency_code,
        case when stock.currency_code is not null then amount end as amount,
        quantity is distinct from 0 and (amount is null or stock.currency_code is null) as is_not_valued
    from {{ ref('int_stock_lists') }} as stock
    left join (select distinct client_id, location_id from {{ ref('int_stock_movements') }}) as moved
        using (client_id, location_id)
    where is_last_of_month and is_last_of_month_elsewhere is not true and moved.client_id is null
),

stock as (
    select
        client_id,
        month_end_date,
        currency_code,
        sum(moved) as moved_amount,
        sum(listed) as listed_amount,
        count(*) filter (where is_not_valued) as not_valued
    from (
        select client_id, month_end_date, currency_code, stock_amount as moved, null::numeric as listed,
            status_code <> 'valued' as is_not_valued
        from {{ ref('rpt_inventory_valuation') }}
        union all
        select client_id, month_end_date, currency_code, null, amount, is_not_valued
        from listed
    ) as both_ways
    group by client_id, month_end_date, currency_code
),

accounts as (
    select distinct client_id, account_id
    from {{ ref('stg_ledgers__accounts') }}
    where (account_class_code = 'inventory' or control_code = 'inventory') and not is_summary
),

with_accounts as (
    select client_id, count(*) as accounts
    from accounts
    group by client_id
),

movements as (
    select * from {{ whole_of_changed_clients(ref('fct_gl_movements'), 'ledgers_gl_entries') }} as movement
),

ledger_begins as (
    select client_id, min(posting_month) as first_month
    from movements
    group by client_id
),

posted as (
    select movement.client_id, movement.currency_code, movement.posting_month, sum(movement.amount) as amount
    from movements as movement
    join accounts on accounts.client_id = movement.client_id and accounts.account_id = movement.account_id
    group by movement.client_id, movement.currency_code, movement.posting_month
),

ledger as (
    select months.client_id, months.month_end_date, posted.currency_code, sum(posted.amount) as ledger_amount
    from (select distinct client_id, month_end_date from stock) as months
    join posted on posted.client_id = months.client_id and posted.posting_month <= months.month_end_date
    group by months.client_id, months.month_end_date, posted.currency_code
),

-- A currency may be missing on the side of the stock, and must meet nothing then.
joined as (
    select
        coalesce(stock.client_id, ledger.client_id) as client_id,
        coalesce(stock.month_end_date, ledger.month_end_date) as month_end_date,
        coalesce(stock.currency_code, ledger.currency_code) as currency_code,
        coalesce(moved_amount, 0) as moved_amount,
        coalesce(listed_amount, 0) as listed_amount,
        coalesce(not_valued, 0) as not_valued,
        ledger_amount
    from stock
    full join ledger using (client_id, month_end_date, currency_code)
),

judged as (
    select
        joined.*,
        coalesce(with_accounts.accounts, 0) as ledger_accounts,
        joined.currency_code is not null and with_accounts.accounts > 0
        and ledger_begins.first_month <= joined.month_end_date as has_ledger
    from joined
    left join with_accounts on with_accounts.client_id = joined.client_id
    left join ledger_begins on ledger_begins.client_id = joined.client_id
)

select
    client_id,
    month_end_date,
    currency_code,
    moved_amount::numeric(24, 2) as moved_amount,
    listed_amount::numeric(24, 2) as listed_amount,
    (moved_amount + listed_amount)::numeric(24, 2) as stock_amount,
    not_valued as positions_not_valued,
    ledger_accounts,
    case when has_ledger then coalesce(ledger_amount, 0) end::numeric(24, 2) as ledger_amount,
    case when has_ledger then moved_amount + listed_amount - coalesce(ledger_amount, 0) end::numeric(24, 2) as difference_amount,
    {{ cut_off() }} as known_at
from judged
