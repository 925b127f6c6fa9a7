-- Receivables, inventory and payables at the last month are all entries on accounts of their classes.
with chart as (
    select distinct on (client_id, account_id)
        client_id, account_id, coalesce(account_class_code, control_code) as class_code
    from {{ source('core', 'ledgers_accounts') }}
    where {{ known_at_cut_off() }}
    order by client_id, account_id, _source
),

core as (
    select
        client_id,
        entity_code,
        sum(
            case when local_debit_amount is null and local_credit_amount is null then debit_amount - credit_amount
                else coalesce(local_debit_amount, 0) - coalesce(local_credit_amount, 0) end) as amount
    from {{ source('core', 'ledgers_gl_entries') }}
    join chart using (client_id, account_id)
    where {{ known_at_cut_off() }} and class_code in ('receivables', 'inventory', 'payables')
    group by client_id, entity_code
),

latest as (
    select distinct on (client_id, entity_code, currency_code)
        client_id, entity_code, receivables_amount + inventory_amount - payables_amount as amount
    from {{ whole(ref('rpt_dso_dpo')) }} as whole
    order by client_id, entity_code, currency_code, balance_month desc
),

mart as (
    select client_id, entity_code, sum(amount) as amount
    from latest
    group by client_id, entity_code
)

select client_id, entity_code, core.amount as in_core, mart.amount as in_mart
from core
full join mart using (client_id, entity_code)
where coalesce(core.amount, 0) <> coalesce(mart.amount, 0)
