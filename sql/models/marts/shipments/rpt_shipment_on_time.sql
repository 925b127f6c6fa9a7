{{ config(indexes=[{'columns': ['client_id', 'promised_month']}]) }}

-- By month of promise, not of delivery: a late line counts against the month it was promised for.
select
    client_id,
    destination_country_code,
    transport_mode_code,
    promised_month,
    currency_code,
    count(*) as lines,
    count(*) filter (where is_on_time) as on_time_lines,
    count(*) filter (where not is_on_time) as late_lines,
    round(100.0 * count(*) filter (where is_on_time) / count(*), 2) as on_time_pct,
    round(avg(days_late) filter (where not is_on_time), 1) as mean_days_late,
    max(days_late) as most_days_late,
    sum(line_amount) as line_amount,
    coalesce(sum(line_amount) filter (where not is_on_time), 0) as late_line_amount,
    {{ cut_off() }} as known_at
from {{ ref('fct_shipment_lines') }}
group by client_id, destination_country_code, transport_mode_code, promised_month, currency_code
