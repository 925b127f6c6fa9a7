-- The causes add up to the change, and the employees to the gross pay of the run and of the one before it.
with run as (
    select client_id, source, run_id, period_end_date, currency_code, sum(gross_amount) as gross
    from {{ ref('rpt_gross_to_net') }}
    where has_payslip
    group by client_id, source, run_id, period_end_date, currency_code
),

change as (
    select client_id, source, run_id, period_end_date, currency_code,
        sum(gross_amount) as gross, sum(previous_gross_amount) as previous_gross,
        min(previous_run_id) as previous_run_id, min(previous_period_end_date) as previous_period_end_date
    from {{ ref('rpt_payroll_variance') }}
    group by client_id, source, run_id, period_end_date, currency_code
)

select client_id, source, run_id, employee_id, currency_code, 'causes' as what
from {{ ref('rpt_payroll_variance') }}
where
    (comparison_code = 'compared') <> (change_amount is not null)
    or change_amount <> new_hire_amount + leaver_amount + rate_amount + hours_amount + one_off_amount
        + correction_amount + other_amount
union all
select change.client_id, change.source, change.run_id, null, change.currency_code, 'run'
from change
full join run using (client_id, source, run_id, period_end_date, currency_code)
left join run as previous
    on previous.client_id = change.client_id and previous.source = change.source
    and previous.run_id = change.previous_run_id and previous.period_end_date = change.previous_period_end_date
    and previous.currency_code = change.currency_code
where
    coalesce(change.gross, 0) <> coalesce(run.gross, 0)
    or coalesce(change.previous_gross, 0) <> coalesce(previous.gross, 0)
