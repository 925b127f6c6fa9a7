select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    count_id,
    line_id,
    count_date,
    location_id,
    product_id,
    lot_id,
    book_quantity,
    counted_quantity,
    unit_code,
    unit_cost_amount,
    currency_code,
    is_posted,
    {{ address() }}
from {{ source('core', 'shipments_stock_counts') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('shipments_stock_counts') }}
