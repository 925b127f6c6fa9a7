-- The runs of each source, each with the run before it: of the same company, pay group and kind.
with runs as (
    select distinct on (client_id, source, run_id, period_end_date) *
    from {{ ref('int_payroll_run_keys') }}
    order by client_id, source, run_id, period_end_date, period desc nulls last
)

select
    client_id,
    source,
    run_id,
    period_end_date,
    has_payslips,
    told_source,
    entity_code,
    pay_group_id,
    run_kind_code,
    period_start_date,
    pay_date,
    payslip_count,
    gross_total_amount,
    withheld_total_amount,
    net_total_amount,
    employer_total_amount,
    currency_code,
    lag(run_id) over alike as previous_run_id,
    lag(period_start_date) over alike as previous_period_start_date,
    lag(period_end_date) over alike as previous_period_end_date
from runs
window alike as (
    partition by client_id, source, has_payslips, entity_code, pay_group_id, run_kind_code
    order by period_end_date, pay_date, run_id
)
