select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    partner_id,
    partner_type_code,
    partner_name,
    country_code,
    vat_id,
    payment_term_days,
    control_account_id,
    group_entity_code,
    is_blocked,
    {{ address() }}
from {{ source('core', 'ledgers_partners') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('ledgers_partners') }}
