-- A kilogram costs what the shipments with a weight cost, divided by their weight: those without would make it too dear.
select
    client_id,
    origin_code,
    carrier_id,
    max(carrier_name) as carrier_name,
    lane_id,
    transport_mode_code,
    month_date,
    currency_code,
    count(*) as shipments,
    count(weight_kg) as weighed_shipments,
    sum(weight_kg)::numeric(24, 4) as weight_kg,
    sum(freight_amount)::numeric(24, 2) as freight_amount,
    sum(surcharge_amount)::numeric(24, 2) as surcharge_amount,
    sum(total_amount)::numeric(24, 2) as total_amount,
    round(sum(total_amount) filter (where weight_kg is not null) / sum(weight_kg), 4)::numeric(20, 4) as amount_per_kg,
    round(sum(total_amount) / count(*), 2)::numeric(24, 2) as amount_per_shipment,
    {{ cut_off() }} as known_at
from {{ ref('fct_freight_costs') }}
group by client_id, origin_code, carrier_id, lane_id, transport_mode_code, month_date, currency_code
