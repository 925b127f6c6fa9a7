-- A key that two periods name is shown as the later one has it.
select distinct on (client_id, _source, address_id)
    client_id,
    _source as source,
    nullif(_period, '') as period,
    address_id,
    customer_id,
    kind_code,
    recipient_name,
    address_line_1,
    address_line_2,
    street_name,
    house_number,
    unit_name,
    city,
    postal_code,
    region_code,
    region_name,
    country_code,
    valid_from_date,
    valid_to_date,
    is_main,
    changed_at,
    city_absent_code,
    postal_code_absent_code,
    region_code_absent_code,
    country_code_absent_code,
    valid_from_date_absent_code,
    is_main_absent_code,
    changed_at_absent_code,
    {{ address() }}
from {{ source('core', 'clients_addresses') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('clients_addresses') }}
order by client_id, _source, address_id, _period desc
