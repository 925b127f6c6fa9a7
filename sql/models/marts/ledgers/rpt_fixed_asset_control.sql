-- Debit positive: cost on its account, accumulated depreciation on its own, or both on one. Accounts of the classes of fixed
-- assets on which the register has nothing are shown too. The ledger counts to the month of the register.
with assets as (
    select * from {{ ref('stg_ledgers__fixed_assets') }}
),

registers as (
    select client_id, entity_code, max(register_date) as register_date
    from assets
    group by client_id, entity_code
),

register as (
    select client_id, entity_code, account_id, currency_code, sum(amount) as register_amount
    from (
        select client_id, entity_code, account_id, currency_code, cost_amount as amount
        from assets
        where disposed_date is null
        union all
        select client_id, entity_code, depreciation_account_id, currency_code, - accumulated_depreciation_amount
        from assets
        where disposed_date is null
    ) as parts
    group by client_id, entity_code, account_id, currency_code
),

accounts as (
    select client_id, account_id
    from {{ ref('stg_ledgers__accounts') }}
    where account_class_code in ('fixed_asset', 'accumulated_depreciation') or control_code = 'fixed_assets'
    union
    select client_id, account_id from register where account_id is not null
),

movements as (
    select * from {{ whole_of_changed_clients(ref('fct_gl_movements'), 'ledgers_gl_entries') }} as movement
),

ledger as (
    select
        movement.client_id, movement.entity_code, movement.account_id, movement.currency_code,
        sum(movement.amount) as ledger_amount
    from movements as movement
    join accounts on accounts.client_id = movement.client_id and accounts.account_id = movement.account_id
    join registers
        on registers.client_id = movement.client_id
        and registers.entity_code = movement.entity_code
        and movement.posting_month <= registers.register_date
    group by movement.client_id, movement.entity_code, movement.account_id, movement.currency_code
),

with_entries as (
    select distinct client_id, entity_code from movements
),

joined as (
    select
        client_id, entity_code, account_id, currency_code,
        coalesce(register_amount, 0) as register_amount,
        coalesce(ledger_amount, 0) as ledger_amount
    from register
    full join ledger using (client_id, entity_code, account_id, currency_code)
)

select
    joined.client_id,
    joined.entity_code,
    joined.account_id,
    joined.currency_code,
    registers.register_date,
    register_amount,
    case when with_entries.client_id is not null then ledger_amount end as ledger_amount,
    case when with_entries.client_id is not null then register_amount - ledger_amount end as difference_amount,
    {{ cut_off() }} as known_at
from joined
join registers on registers.client_id = joined.client_id and registers.entity_code = joined.entity_code
left join with_entries
    on with_entries.client_id = joined.client_id and with_entries.entity_code = joined.entity_code
