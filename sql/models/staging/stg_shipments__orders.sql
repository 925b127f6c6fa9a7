select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    order_id,
    customer_id,
    customer_name,
    ordered_date,
    requested_date,
    promised_date,
    shipped_date,
    ship_to_country_code,
    ship_to_city_name,
    ship_to_location_code,
    incoterm_code,
    carrier_id,
    transport_mode_code,
    order_status_code,
    freight_amount,
    currency_code,
    {{ address() }}
from {{ source('core', 'shipments_orders') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('shipments_orders') }}
