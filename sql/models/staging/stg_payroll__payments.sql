select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    payment_id,
    run_id,
    employee_id,
    payment_date,
    paid_amount,
    currency_code,
    iban,
    payee_account_id,
    method_code,
    payment_status_code,
    {{ address() }}
from {{ source('core', 'payroll_payments') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('payroll_payments') }}
