select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    carrier_id,
    lane_id,
    transport_mode_code,
    valid_from_date,
    from_weight_kg,
    base_amount,
    rate_per_kg_amount,
    minimum_amount,
    currency_code,
    {{ address() }}
from {{ source('core', 'shipments_freight_tariffs') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('shipments_freight_tariffs') }}
