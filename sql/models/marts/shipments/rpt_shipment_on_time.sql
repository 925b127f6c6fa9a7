-- By month of promise, not of delivery: a late line counts against the month it was promised for. A line not delivered is
-- late from the day after its promise on, and until then not judged; nor ever where nothing was promised, or where the
-- source names no day of delivery on any line, as nothing tells a late line from one that nobody writes up.
with told as (
    select
        line.*,
        line.promised_date < {{ today() }} as is_past,
        {{ today() }} - line.promised_date as days_past,
        bool_or(line.delivered_date is not null) over (partition by client_id, source) as tells_deliveries
    from {{ whole_of_changed_clients(ref('fct_shipment_lines'), 'shipments_shipments') }} as line
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
),

lines as (
    select
        *,
        coalesce(is_on_time, case when is_past and tells_deliveries then false end) as is_in_time,
        coalesce(days_late, case when tells_deliveries then greatest(days_past, 0) end) as days_late_so_far
    from told
)

select
    client_id,
    destination_country_code,
    transport_mode_code,
    counted_month,
    currency_code,
    count(*) as lines,
    count(*) filter (where is_in_time) as on_time_lines,
    count(*) filter (where not is_in_time) as late_lines,
    count(*) filter (where is_in_time is null) as open_lines,
    {{ share_pct('count(*) filter (where is_in_time)', 'count(is_in_time)') }} as on_time_pct,
    round(avg(days_late_so_far) filter (where not is_in_time), 1) as mean_days_late,
    max(days_late_so_far) as most_days_late,
    sum(line_amount) as line_amount,
    coalesce(sum(line_amount) filter (where not is_in_time), 0) as late_line_amount,
    {{ cut_off() }} as known_at
from lines
group by client_id, destination_country_code, transport_mode_code, counted_month, currency_code
