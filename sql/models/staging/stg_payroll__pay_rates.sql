select
    client_id,
    _source as source,
    employee_id,
    valid_from_date,
    hourly_rate,
    currency_code,
    pay_frequency_code,
    changed_at,
    {{ address() }}
from {{ source('core', 'payroll_pay_rates') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('payroll_pay_rates') }}
