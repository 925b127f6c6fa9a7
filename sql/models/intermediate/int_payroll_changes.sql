-- Gross pay of a run beside that of the run before, by employee and wage type. Of a source without earnings the stated gross.
with runs as (
    select * from {{ ref('int_payroll_runs') }} where has_payslips
),

measured as (
    select
        line.client_id,
        line.source,
        line.run_id,
        line.period_end_date,
        line.employee_id,
        line.currency_code,
        line.wage_type_id,
        min(line.purpose_code) as purpose_code,
        bool_or(line.wage_type_name is not null) as is_listed,
        bool_or(line.is_recurring is false) as is_one_off,
        coalesce(sum(line.pay_amount) filter (where line.is_correction), 0) as correction,
        coalesce(sum(line.pay_amount) filter (where not line.is_correction), 0) as amount,
        count(*) filter (where not line.is_correction) > 0 as is_there,
        case when bool_and(line.paid_hours is not null) filter (where not line.is_correction)
            then sum(line.paid_hours) filter (where not line.is_correction) end as hours,
        case when bool_and(line.pay_rate is not null) filter (where not line.is_correction)
            and min(line.pay_rate) filter (where not line.is_correction)
            = max(line.pay_rate) filter (where not line.is_correction)
            then min(line.pay_rate) filter (where not line.is_correction) end as rate
    from {{ ref('fct_payslip_lines') }} as line
    join {{ ref('int_payroll_sources') }} as kinds using (client_id, source)
    where line.kind_code = case when kinds.has_earnings then 'earning' else 'gross' end
    group by 1, 2, 3, 4, 5, 6, 7
),

both_runs as (
    select measured.*, run_id as of_run_id, period_end_date as of_end_date, true as is_now
    from measured
    union all
    select measured.*, next.run_id, next.period_end_date, false
    from measured
    join runs as next
        on next.client_id = measured.client_id and next.source = measured.source
        and next.previous_run_id = measured.run_id and next.previous_period_end_date = measured.period_end_date
)

select
    client_id,
    source,
    of_run_id as run_id,
    of_end_date as period_end_date,
    employee_id,
    currency_code,
    wage_type_id,
    min(purpose_code) as purpose_code,
    bool_or(is_listed) as is_listed,
    bool_or(is_one_off) as is_one_off,
    {% for when, side in [('is_now', 'now'), ('not is_now', 'before')] -%}
    coalesce(sum(correction) filter (where {{ when }}), 0) as correction_{{ side }},
    coalesce(sum(amount) filter (where {{ when }}), 0) as amount_{{ side }},
    coalesce(bool_or(is_there) filter (where {{ when }}), false) as is_there_{{ side }},
    sum(hours) filter (where {{ when }}) as hours_{{ side }},
    min(rate) filter (where {{ when }}) as rate_{{ side }}{{ ',' if not loop.last }}
    {% endfor -%}
from both_runs
group by client_id, source, of_run_id, of_end_date, employee_id, currency_code, wage_type_id
