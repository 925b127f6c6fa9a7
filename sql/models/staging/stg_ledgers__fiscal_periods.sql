select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    entity_code,
    period_code,
    fiscal_year,
    period_number,
    start_date,
    end_date,
    is_adjustment,
    status_code,
    close_due_date,
    closed_date,
    {{ address() }}
from {{ source('core', 'ledgers_fiscal_periods') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('ledgers_fiscal_periods') }}
