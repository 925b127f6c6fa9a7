select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    run_id,
    employee_id,
    line_id,
    entity_code,
    period_start_date,
    period_end_date,
    pay_date,
    wage_type_id,
    kind_code,
    earned_from_date,
    paid_hours,
    pay_rate,
    pay_amount,
    currency_code,
    cost_center_id,
    {{ address() }}
from {{ source('core', 'payroll_payslips') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('payroll_payslips') }}
