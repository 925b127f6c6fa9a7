select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    location_id,
    product_id,
    snapshot_date,
    lot_id,
    on_hand_quantity,
    reserved_quantity,
    unit_code,
    unit_cost_amount,
    stock_amount,
    currency_code,
    expiry_date,
    {{ address() }}
from {{ source('core', 'shipments_stock') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('shipments_stock') }}
