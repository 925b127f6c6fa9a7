select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    receipt_id,
    line_id,
    purchase_order_id,
    purchase_order_line_id,
    product_id,
    received_date,
    received_quantity,
    rejected_quantity,
    unit_code,
    location_id,
    delivery_note_id,
    {{ address() }}
from {{ source('core', 'shipments_goods_receipts') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('shipments_goods_receipts') }}
