-- Charges of carriers, each with the shipment that it names: that of its own source, else of another one.
{%- set charge = ['client_id', 'source', 'carrier_id', 'invoice_id', 'line_id'] %}
with charges as (
    select * from {{ newest(ref('stg_shipments__freight_invoices'), charge) }} as charge
)

select distinct on ({% for part in charge %}charge.{{ part }}{{ ', ' if not loop.last }}{% endfor %})
    charge.*,
    shipment.source as shipment_source,
    shipment.shipped_date as shipment_shipped_date,
    shipment.transport_mode_code as shipment_mode_code,
    shipment.lane_id as shipment_lane_id,
    shipment.location_lane_id,
    shipment.weight_kg as shipment_weight_kg
from charges as charge
left join {{ ref('int_freight_shipments') }} as shipment
    on shipment.client_id = charge.client_id and shipment.shipment_id = charge.shipment_id
    and shipment.origin_code = 'shipment'
order by
    {% for part in charge %}charge.{{ part }}, {% endfor -%}
    shipment.source = charge.source desc nulls last, shipment.source
