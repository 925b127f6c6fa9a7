-- Every line of a payslip in core stands among the lines as it is, or its payslip was delivered again in a later period.
with core as (
    select client_id, _source as source, _period, run_id, employee_id, pay_amount, currency_code,
        _delivery_id as delivery_id, _row_number as row_number, _row_part as row_part
    from {{ source('core', 'payroll_payslips') }}
    where {{ known_at_cut_off() }}
),

mart as (
    select * from {{ whole(ref('fct_payslip_lines')) }} as whole
),

both_sides as (
    select
        coalesce(core.client_id, mart.client_id) as client_id,
        core.source, core.run_id, core.employee_id, core._period,
        mart.line_id is not null as is_shown,
        coalesce((core.pay_amount, core.currency_code) is distinct from (mart.pay_amount, mart.currency_code), true)
            as is_other
    from core
    full join mart using (client_id, delivery_id, row_number, row_part)
)

select client_id, source, run_id, employee_id, is_shown
from both_sides as one
where
    is_other
    and (
        is_shown
        or not exists (
            select from both_sides as later
            where
                later.client_id = one.client_id and later.source = one.source and later.run_id = one.run_id
                and later.employee_id = one.employee_id and later.is_shown and later._period > one._period
        )
    )
