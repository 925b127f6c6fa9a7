-- Every line is either on time or late.
select *
from {{ ref('rpt_shipment_on_time') }}
where on_time_lines + late_lines <> lines
