select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    carrier_id,
    carrier_name,
    scac_code,
    is_active,
    {{ address() }}
from {{ source('core', 'shipments_carriers') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('shipments_carriers') }}
