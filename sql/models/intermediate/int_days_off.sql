-- How many days off there were up to each day: two of them tell the days off between two days without counting.
select
    client_id,
    day,
    count(off.day) over (partition by client_id order by day) as days_off
from (
    select client_id, generate_series(min(day), max(day), interval '1 day')::date as day
    from {{ ref('stg_ops__days_off') }}
    group by client_id
) as days
left join {{ ref('stg_ops__days_off') }} as off using (client_id, day)
