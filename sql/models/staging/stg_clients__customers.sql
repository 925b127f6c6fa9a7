select
    client_id,
    _source as source,
    customer_id,
    customer_type_code,
    company_name,
    given_name,
    family_name,
    email,
    phone,
    birth_date,
    national_id,
    address_line_1,
    address_line_2,
    city,
    postal_code,
    region_code,
    region_name,
    country_code,
    segment_name,
    annual_sales_amount,
    annual_sales_currency,
    employee_count,
    {{ address() }}
from {{ source('core', 'clients_customers') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('clients_customers') }}
