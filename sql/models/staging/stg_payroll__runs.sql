select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    run_id,
    entity_code,
    pay_group_id,
    run_kind_code,
    period_start_date,
    period_end_date,
    pay_date,
    payslip_count,
    gross_total_amount,
    withheld_total_amount,
    net_total_amount,
    employer_total_amount,
    currency_code,
    {{ address() }}
from {{ source('core', 'payroll_runs') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('payroll_runs') }}
