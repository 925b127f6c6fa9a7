select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    wage_type_id,
    wage_type_name,
    kind_code,
    purpose_code,
    is_recurring,
    is_statutory,
    authority_name,
    account_id,
    contra_account_id,
    {{ address() }}
from {{ source('core', 'payroll_wage_types') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('payroll_wage_types') }}
