-- Which account of the general ledger a bank account stands on: what its lines say, else the only bank account of the
-- chart where the client has one bank account. Accounts that share a ledger account of a company are reconciled together.
-- Where the client has no entries on it, or no ledger account is known, the bank is compared with the payments.
with banks as (
    select
        client_id,
        bank_account_id,
        max(entity_code) as entity_code,
        max(account_id) as account_id,
        max(currency_code) as currency_code,
        count(*) over (partition by client_id) as banks_of_client
    from {{ ref('stg_ledgers__bank_transactions') }}
    group by client_id, bank_account_id
),

only_ones as (
    select client_id, min(account_id) as account_id
    from {{ ref('stg_ledgers__accounts') }}
    where control_code = 'bank'
    group by client_id
    having count(distinct account_id) = 1
),

placed as (
    select
        client_id,
        bank_account_id,
        coalesce(banks.entity_code, only_entity.entity_code) as entity_code,
        coalesce(banks.account_id, case when banks_of_client = 1 then only_ones.account_id end) as account_id,
        banks.currency_code
    from banks
    left join only_ones using (client_id)
    left join {{ ref('int_only_entities') }} as only_entity using (client_id)
),

with_entries as (
    select client_id, entity_code, account_id
    from {{ whole_of_changed_clients(ref('fct_gl_currency_movements'), 'ledgers_gl_entries') }} as movement
    group by client_id, entity_code, account_id
),

judged as (
    select
        placed.*,
        exists (
            select from with_entries as entry
            where
                entry.client_id = placed.client_id
                and entry.account_id = placed.account_id
                and (placed.entity_code is null or entry.entity_code = placed.entity_code)
        ) as has_entries
    from placed
)

select
    client_id,
    bank_account_id,
    entity_code,
    case when has_entries then account_id end as account_id,
    currency_code,
    case when has_entries then concat_ws('/', entity_code, account_id) else bank_account_id end as unit_id
from judged
