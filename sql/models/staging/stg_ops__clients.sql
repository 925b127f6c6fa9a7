-- Every client that has a profile, with the date of the cut-off in its own time zone.
select
    client_id,
    name as client_name,
    coalesce(time_zone, 'UTC') as time_zone,
    ({{ cut_off() }} at time zone coalesce(time_zone, 'UTC'))::date as as_of_date,
    coalesce(reporting #>> '{on_time,against}', 'promised') as on_time_against,
    (reporting #>> '{on_time,early_days}')::integer as on_time_early_days,
    coalesce((reporting #>> '{on_time,late_days}')::integer, 0) as on_time_late_days,
    coalesce(reporting #>> '{on_time,calendar}', 'days') as on_time_calendar,
    coalesce((reporting ->> 'short_delivery_pct')::numeric, 0) as short_delivery_pct,
    coalesce((reporting #>> '{matching,quantity_pct}')::numeric, 0) as match_quantity_pct,
    coalesce((reporting #>> '{matching,price_pct}')::numeric, 0) as match_price_pct,
    coalesce((reporting ->> 'slow_moving_days')::integer, 180) as slow_moving_days,
    coalesce(reporting ->> 'valuation', 'fifo') as valuation_method,
    coalesce(golden -> 'trust', '[]') as trusted_sources,
    coalesce(golden -> 'survivorship', '{}') as survivorship
from {{ source('ops', 'client') }}
