-- Every line is on time, late or open.
select *
from {{ ref('rpt_shipment_on_time') }}
where on_time_lines + late_lines + open_lines <> lines
