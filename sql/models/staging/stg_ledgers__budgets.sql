select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    entity_code,
    scenario_code,
    version_code,
    account_id,
    cost_center_id,
    budget_month,
    budget_amount,
    currency_code,
    cost_center_total_amount,
    {{ address() }}
from {{ source('core', 'ledgers_budgets') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('ledgers_budgets') }}
