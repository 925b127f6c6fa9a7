select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    employee_id,
    valid_from_date,
    hourly_rate,
    currency_code,
    pay_frequency_code,
    changed_at,
    salary_amount,
    change_reason_code,
    {{ address() }}
from {{ source('core', 'payroll_pay_rates') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('payroll_pay_rates') }}
