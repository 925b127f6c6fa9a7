-- A key that two periods name is shown as the later one has it.
select distinct on (client_id, _source, contact_id)
    client_id,
    _source as source,
    nullif(_period, '') as period,
    contact_id,
    customer_id,
    title_name,
    given_name,
    family_name,
    role_name,
    email,
    phone,
    mobile_phone,
    country_code,
    language_code,
    is_main,
    changed_at,
    email_absent_code,
    phone_absent_code,
    mobile_phone_absent_code,
    country_code_absent_code,
    language_code_absent_code,
    is_main_absent_code,
    changed_at_absent_code,
    {{ address() }}
from {{ source('core', 'clients_contacts') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('clients_contacts') }}
order by client_id, _source, contact_id, _period desc
