select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    purchase_order_id,
    line_id,
    product_id,
    ordered_quantity,
    unit_code,
    unit_price_amount,
    line_amount,
    currency_code,
    due_date,
    over_delivery_pct,
    is_closed,
    received_quantity,
    rejected_quantity,
    received_date,
    {{ address() }}
from {{ source('core', 'shipments_purchase_order_lines') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('shipments_purchase_order_lines') }}
