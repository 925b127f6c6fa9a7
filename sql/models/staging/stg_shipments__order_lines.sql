select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    order_id,
    line_id,
    product_id,
    ordered_quantity,
    unit_code,
    unit_price_amount,
    discount_pct,
    line_amount,
    currency_code,
    requested_date,
    promised_date,
    shipped_quantity,
    cancelled_quantity,
    {{ address() }}
from {{ source('core', 'shipments_order_lines') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('shipments_order_lines') }}
