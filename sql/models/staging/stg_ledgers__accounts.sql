select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    account_id,
    account_code,
    account_name,
    account_type_code,
    account_class_code,
    statement_code,
    normal_balance_code,
    parent_account_id,
    is_summary,
    is_active,
    control_code,
    cash_flow_code,
    currency_code,
    {{ address() }}
from {{ source('core', 'ledgers_accounts') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('ledgers_accounts') }}
