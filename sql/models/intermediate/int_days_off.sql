-- How many days off there were up to each day: two of them tell the days off between two days without counting. Added up,
-- not joined: the planner took days and days off for a few and compared each with each (22,000 days took 11 s).
with told as (
    select client_id, day, 1 as days_off from {{ ref('stg_ops__days_off') }}
    union all
    select client_id, min(day) + generate_series(0, max(day) - min(day)), 0
    from {{ ref('stg_ops__days_off') }}
    group by client_id
)

select
    client_id,
    day,
    (sum(sum(days_off)) over (partition by client_id order by day))::bigint as days_off
from told
group by client_id, day
