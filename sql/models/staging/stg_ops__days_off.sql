-- Of clients that count business days only: the others have none.
select
    client.client_id,
    off.day
from {{ source('ops', 'client') }} as client
inner join {{ source('ops', 'day_off') }} as off using (calendar)
where client.reporting #>> '{on_time,calendar}' = 'business_days'
