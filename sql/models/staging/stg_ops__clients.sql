-- Every client that has a profile, with the date of the cut-off in its own time zone.
select
    client_id,
    name as client_name,
    coalesce(time_zone, 'UTC') as time_zone,
    ({{ cut_off() }} at time zone coalesce(time_zone, 'UTC'))::date as as_of_date
from {{ source('ops', 'client') }}
