select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    entity_code,
    entity_name,
    country_code,
    local_currency,
    group_currency,
    fiscal_year_start_month,
    parent_entity_code,
    ownership_pct,
    retained_earnings_account_id,
    vat_id,
    {{ address() }}
from {{ source('core', 'ledgers_entities') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('ledgers_entities') }}
