-- The months of a lane hold the shipments of its row of all months, and none lies outside shortest and longest.
select client_id, measure_code, origin_code, destination_code, transport_mode_code, carrier_id
from {{ ref('rpt_shipment_performance') }}
group by client_id, measure_code, origin_code, destination_code, transport_mode_code, carrier_id
having
    sum(shipments) filter (where is_all_months) <> sum(shipments) filter (where not is_all_months)
    or bool_or(not (min_days <= median_days and median_days <= p90_days and p90_days <= max_days))
    or bool_or(mean_days < min_days or mean_days > max_days)
