-- Lines and amounts of all suppliers are those in core, per client and currency.
with core as (
    select client_id, currency_code, count(*) as lines, sum(spend_amount) as spend_amount
    from {{ source('core', 'ledgers_spend') }}
    where {{ known_at_cut_off() }}
    group by client_id, currency_code
),

mart as (
    select client_id, currency_code, sum(lines) as lines, sum(spend_amount) as spend_amount
    from {{ whole(ref('rpt_supplier_spend')) }} as whole
    group by client_id, currency_code
)

select client_id, currency_code, core.lines, mart.lines as mart_lines, core.spend_amount, mart.spend_amount as mart_amount
from core
full join mart using (client_id, currency_code)
where (core.lines, core.spend_amount) is distinct from (mart.lines, mart.spend_amount)
