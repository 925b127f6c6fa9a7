select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    product_id,
    unit_code,
    base_units,
    {{ address() }}
from {{ source('core', 'shipments_product_units') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('shipments_product_units') }}
