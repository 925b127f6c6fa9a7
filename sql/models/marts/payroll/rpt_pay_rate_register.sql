with rates as (
    select
        rate.*,
        coalesce(client.as_of_date, ({{ cut_off() }} at time zone 'UTC')::date) as as_of_date,
        lead(valid_from_date) over employee - 1 as valid_to_date,
        lag(hourly_rate) over employee as previous_hourly_rate,
        lag(currency_code) over employee as previous_currency_code
    from {{ ref('stg_payroll__pay_rates') }} as rate
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
    window employee as (partition by client_id, source, employee_id order by valid_from_date)
)

select
    client_id,
    source,
    employee_id,
    valid_from_date,
    valid_to_date,
    hourly_rate,
    currency_code,
    pay_frequency_code,
    valid_from_date <= as_of_date and coalesce(valid_to_date >= as_of_date, true) as is_current,
    case
        when previous_currency_code = currency_code
            then round((hourly_rate / nullif(previous_hourly_rate, 0) - 1) * 100, 2)
    end as change_pct,
    as_of_date,
    delivery_id,
    row_number,
    row_part,
    {{ cut_off() }} as known_at
from rates
