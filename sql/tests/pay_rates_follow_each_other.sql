-- Each rate ends the day before the next one begins, only the last one is open, and at most one is current.
with rates as (
    select
        *,
        lead(valid_from_date) over employee - 1 as expected_valid_to_date,
        count(*) filter (where is_current) over (partition by client_id, source, employee_id) as current_rates
    from {{ ref('rpt_pay_rate_register') }}
    window employee as (partition by client_id, source, employee_id order by valid_from_date)
)

select *
from rates
where valid_to_date is distinct from expected_valid_to_date or current_rates > 1
