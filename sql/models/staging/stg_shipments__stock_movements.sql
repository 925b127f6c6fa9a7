select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    movement_id,
    movement_date,
    location_id,
    product_id,
    lot_id,
    movement_kind_code,
    moved_quantity,
    unit_code,
    unit_cost_amount,
    currency_code,
    document_id,
    {{ address() }}
from {{ source('core', 'shipments_stock_movements') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('shipments_stock_movements') }}
