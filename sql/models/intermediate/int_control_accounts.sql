-- The control account of a partner in a sub-ledger where the document does not name it: the partner's own if it is one
-- of that sub-ledger, else the only one that the chart of accounts has for it.
with ledgers as (
    select client_id, source, supplier_id as partner_id, 'payables' as ledger_code
    from {{ ref('stg_ledgers__payables') }}
    union
    select client_id, source, customer_id, 'receivables'
    from {{ ref('stg_ledgers__receivables') }}
    union
    select client_id, source, partner_id, case direction_code when 'in' then 'receivables' else 'payables' end
    from {{ ref('stg_ledgers__payments') }}
    where partner_id is not null
    union
    select client_id, source, partner_id, ledger.ledger_code
    from {{ ref('stg_ledgers__partners') }}
    cross join (values ('payables'), ('receivables')) as ledger (ledger_code)
),

partners as (
    select distinct client_id, partner_id, ledger_code
    from ledgers
),

own as (
    select distinct on (client_id, partner_id)
        partner.client_id, partner.partner_id, partner.control_account_id, partner.partner_type_code, account.control_code
    from {{ ref('stg_ledgers__partners') }} as partner
    left join {{ ref('stg_ledgers__accounts') }} as account
        on account.client_id = partner.client_id and account.account_id = partner.control_account_id
    where partner.control_account_id is not null
    order by client_id, partner_id, partner.source
),

only_ones as (
    select client_id, control_code as ledger_code, min(account_id) as account_id
    from {{ ref('stg_ledgers__accounts') }}
    where control_code in ('payables', 'receivables')
    group by client_id, control_code
    having count(distinct account_id) = 1
)

select
    client_id,
    partner_id,
    ledger_code,
    coalesce(
        case
            when coalesce(
                nullif(own.control_code, 'intercompany'),
                case own.partner_type_code when 'supplier' then 'payables' when 'customer' then 'receivables' end,
                ledger_code) = ledger_code
            then own.control_account_id
        end,
        only_ones.account_id) as account_id
from partners
left join own using (client_id, partner_id)
left join only_ones using (client_id, ledger_code)
