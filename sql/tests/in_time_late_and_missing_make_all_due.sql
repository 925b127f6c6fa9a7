-- Every deadline that has passed was met in time, met late, or missed.
select *
from {{ ref('rpt_feed_timeliness') }}
where in_time_deliveries + late_deliveries + missing_deliveries <> due_deliveries
