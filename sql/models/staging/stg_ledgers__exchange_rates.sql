select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    rate_type_code,
    from_currency,
    to_currency,
    rate_date,
    rate,
    {{ address() }}
from {{ source('core', 'ledgers_exchange_rates') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('ledgers_exchange_rates') }}
