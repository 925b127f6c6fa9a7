select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    product_id,
    product_name,
    product_group_name,
    base_unit_code,
    pack_unit_code,
    units_per_pack,
    net_weight_kg,
    volume_m3,
    standard_cost_amount,
    list_price_amount,
    currency_code,
    supplier_id,
    reorder_quantity,
    lead_time_days,
    may_be_negative,
    is_active,
    {{ address() }}
from {{ source('core', 'shipments_products') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('shipments_products') }}
