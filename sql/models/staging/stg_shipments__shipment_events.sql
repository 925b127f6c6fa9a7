select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    shipment_id,
    event_id,
    leg_number,
    event_code,
    event_at,
    location_code,
    country_code,
    carrier_id,
    transport_mode_code,
    {{ address() }}
from {{ source('core', 'shipments_shipment_events') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('shipments_shipment_events') }}
