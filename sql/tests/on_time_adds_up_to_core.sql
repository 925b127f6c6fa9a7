-- Lines and values are those in core, per client and currency.
with core as (
    select client_id, currency_code, count(*) as lines, sum(line_amount) as line_amount
    from {{ source('core', 'shipments_shipments') }}
    where {{ known_at_cut_off() }}
    group by client_id, currency_code
),

mart as (
    select client_id, currency_code, sum(lines) as lines, sum(line_amount) as line_amount
    from {{ whole(ref('rpt_shipment_on_time')) }} as whole
    group by client_id, currency_code
)

select client_id, currency_code, core.lines, mart.lines as mart_lines, core.line_amount, mart.line_amount as mart_amount
from core
full join mart using (client_id, currency_code)
where (core.lines, core.line_amount) is distinct from (mart.lines, mart.line_amount)
