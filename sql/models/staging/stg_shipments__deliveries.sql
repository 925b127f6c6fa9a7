select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    delivery_note_id,
    line_id,
    shipment_id,
    order_id,
    order_line_id,
    product_id,
    delivered_date,
    delivered_quantity,
    damaged_quantity,
    refused_quantity,
    unit_code,
    is_signed,
    {{ address() }}
from {{ source('core', 'shipments_deliveries') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('shipments_deliveries') }}
