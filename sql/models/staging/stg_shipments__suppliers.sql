select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    supplier_id,
    supplier_name,
    country_code,
    partner_id,
    rating_value,
    promised_lead_time_days,
    is_preferred,
    is_active,
    {{ address() }}
from {{ source('core', 'shipments_suppliers') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('shipments_suppliers') }}
