-- By month of deadline, on the calendar of the client: a late delivery counts against the month it was promised for.
with judged as (
    select
        promise.client_id,
        promise.feed,
        promise.source,
        date_trunc('month', promise.due_at at time zone client.time_zone)::date as due_month,
        coalesce(promise.arrived_at <= {{ cut_off() }}, false) as is_there,
        promise.arrived_at <= promise.due_at as is_in_time,
        extract(epoch from promise.arrived_at - promise.due_at) / 3600 as hours_late
    from {{ source('ops', 'expected_delivery') }} as promise
    join {{ ref('stg_ops__clients') }} as client using (client_id)
    where
        promise.due_at <= {{ cut_off() }}
        -- not looked for yet: nobody knows whether it is there
        and (promise.state <> 'expected' or promise.looked_at <= {{ cut_off() }})
)

select
    client_id,
    feed,
    source,
    due_month,
    count(*) as due_deliveries,
    count(*) filter (where is_there and is_in_time) as in_time_deliveries,
    count(*) filter (where is_there and not is_in_time) as late_deliveries,
    count(*) filter (where not is_there) as missing_deliveries,
    round(100.0 * count(*) filter (where is_there and is_in_time) / count(*), 2) as in_time_pct,
    round(avg(hours_late) filter (where is_there and not is_in_time), 1) as mean_hours_late,
    round(max(hours_late) filter (where is_there and not is_in_time), 1) as most_hours_late,
    {{ cut_off() }} as known_at
from judged
group by client_id, feed, source, due_month
