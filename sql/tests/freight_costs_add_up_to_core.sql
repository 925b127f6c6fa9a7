-- freight_costs_add_up_to_core
-- What carriers charge, shipments state and orders state stands in the cost of freight, each per client and currency.
with charges as (
    select distinct on (client_id, _source, carrier_id, invoice_id, line_id) client_id, currency_code, charged_amount
    from {{ source('core', 'shipments_freight_invoices') }}
    where {{ known_at_cut_off() }}
    order by client_id, _source, carrier_id, invoice_id, line_id, nullif(_period, '') desc nulls last
),

shipments as (
    select distinct on (client_id, _source, shipment_line_id) client_id, currency_code, freight_amount
    from {{ source('core', 'shipments_shipments') }}
    where {{ known_at_cut_off() }}
    order by client_id, _source, shipment_line_id, nullif(_period, '') desc nulls last
),

orders as (
    select distinct on (client_id, _source, order_id) client_id, currency_code, freight_amount
    from {{ source('core', 'shipments_orders') }}
    where {{ known_at_cut_off() }}
    order by client_id, _source, order_id, nullif(_period, '') desc nulls last
),

core as (
    select client_id, 'invoice' as origin_code, currency_code, sum(charged_amount) as amount from charges group by client_id, currency_code
    union all
    select client_id, 'shipment', currency_code, sum(freight_amount) from shipments group by client_id, currency_code
    union all
    select client_id, 'order', currency_code, sum(freight_amount) from orders group by client_id, currency_code
),

mart as (
    select client_id, origin_code, coalesce(currency_code, '-') as currency_code, sum(total_amount) as amount
    from {{ whole(ref('rpt_freight_cost')) }} as whole
    group by client_id, origin_code, currency_code
)

select client_id, origin_code, currency_code, core.amount, mart.amount as in_mart
from (select client_id, origin_code, coalesce(currency_code, '-') as currency_code, amount from core where amount is not null) as core
full join mart using (client_id, origin_code, currency_code)
where core.amount is distinct from mart.amount
