-- In the currency of the transactions: a revaluation moves the control account in local currency only, and is no item.
-- What is dated ahead of today counts today, in the sub-ledger and on the account.
with subledger as (
    select
        client_id,
        coalesce(item.entity_code, only_one.entity_code) as entity_code,
        ledger_code,
        control_account_id,
        currency_code,
        as_of_date,
        is_today,
        coalesce(sum(open_amount) filter (where item_code = 'document'), 0) as open_amount,
        coalesce(sum(open_amount) filter (where item_code = 'payment'), 0) as unallocated_amount,
        sum(ledger_amount) as ledger_amount
    from {{ ref('int_open_items_at') }} as item
    left join {{ ref('int_only_entities') }} as only_one using (client_id)
    group by client_id, 2, ledger_code, control_account_id, currency_code, as_of_date, is_today
),

named as (
    select client_id, account_id, control_code as ledger_code, 1 as rank
    from {{ ref('stg_ledgers__accounts') }}
    where control_code in ('payables', 'receivables')
    union all
    select distinct client_id, control_account_id, ledger_code, 2
    from {{ ref('fct_open_item_events') }}
    where control_account_id is not null
),

accounts as (
    select distinct on (client_id, account_id) client_id, account_id, ledger_code
    from named
    order by client_id, account_id, rank, ledger_code
),

movements as (
    select *
    from {{ whole_of_changed_clients(ref('fct_gl_currency_movements'), 'ledgers_gl_entries') }} as movement
),

clients as (
    select distinct client_id from movements
),

balances as (
    select
        client_id,
        movement.entity_code,
        account.ledger_code,
        account_id as control_account_id,
        movement.currency_code,
        at.as_of_date,
        at.is_today,
        sum(case account.ledger_code when 'payables' then - movement.amount else movement.amount end) as account_amount
    from movements as movement
    join accounts as account using (client_id, account_id)
    join {{ ref('int_as_of_dates') }} as at using (client_id)
    where at.is_today or movement.posting_month < at.as_of_date
    group by
        client_id, movement.entity_code, account.ledger_code, account_id, movement.currency_code, at.as_of_date, at.is_today
),

-- Keys may be missing on the side of the sub-ledger, and must meet nothing then.
joined as (
    select
        coalesce(subledger.client_id, balances.client_id) as client_id,
        coalesce(subledger.entity_code, balances.entity_code) as entity_code,
        coalesce(subledger.ledger_code, balances.ledger_code) as ledger_code,
        coalesce(subledger.control_account_id, balances.control_account_id) as control_account_id,
        coalesce(subledger.currency_code, balances.currency_code) as currency_code,
        coalesce(subledger.as_of_date, balances.as_of_date) as as_of_date,
        coalesce(subledger.is_today, balances.is_today) as is_today,
        coalesce(subledger.open_amount, 0) as open_amount,
        coalesce(subledger.unallocated_amount, 0) as unallocated_amount,
        coalesce(subledger.ledger_amount, 0) as ledger_amount,
        balances.account_amount
    from subledger
    full join balances using (
        client_id, entity_code, ledger_code, control_account_id, currency_code, as_of_date, is_today)
)

select
    joined.client_id,
    entity_code,
    ledger_code,
    control_account_id,
    currency_code,
    as_of_date,
    is_today,
    open_amount,
    unallocated_amount,
    open_amount + unallocated_amount as balance_amount,
    ledger_amount,
    case when clients.client_id is not null then coalesce(account_amount, 0) end as account_amount,
    case when clients.client_id is not null then open_amount + unallocated_amount - coalesce(account_amount, 0) end
        as difference_amount,
    {{ cut_off() }} as known_at
from joined
left join clients on clients.client_id = joined.client_id
where (open_amount, unallocated_amount, coalesce(account_amount, 0)) <> (0, 0, 0)
