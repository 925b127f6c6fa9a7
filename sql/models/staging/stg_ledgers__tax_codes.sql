select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    tax_code,
    valid_from_date,
    valid_to_date,
    tax_name,
    country_code,
    rate_pct,
    tax_kind_code,
    direction_code,
    tax_account_id,
    return_box_code,
    tax_box_code,
    {{ address() }}
from {{ source('core', 'ledgers_tax_codes') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('ledgers_tax_codes') }}
