select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    entity_code,
    account_id,
    period_code,
    opening_amount,
    debit_amount,
    credit_amount,
    closing_amount,
    currency_code,
    {{ address() }}
from {{ source('core', 'ledgers_balances') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('ledgers_balances') }}
