-- Lines and invoices of all suppliers are those in core, per client, origin and currency.
with core as (
    select client_id, 'spend_lines' as origin_code, currency_code, count(*) as lines, sum(spend_amount) as spend_amount
    from {{ source('core', 'ledgers_spend') }}
    where {{ known_at_cut_off() }}
    group by client_id, currency_code
    union all
    select client_id, 'payables', currency_code, count(*), sum(coalesce(net_amount, gross_amount))
    from {{ standing_documents('payables', 'supplier_id') }} as document
    group by client_id, currency_code
),

mart as (
    select client_id, origin_code, currency_code, sum(lines) as lines, sum(spend_amount) as spend_amount
    from {{ whole(ref('rpt_spend_by_supplier')) }} as whole
    group by client_id, origin_code, currency_code
)

select client_id, origin_code, currency_code, core.spend_amount as in_core, mart.spend_amount as in_mart
from core
full join mart using (client_id, origin_code, currency_code)
where (core.lines, core.spend_amount) is distinct from (mart.lines, mart.spend_amount)
