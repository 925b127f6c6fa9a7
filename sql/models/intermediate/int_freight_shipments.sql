-- Lines that travel together are one shipment. An order that left with a carrier and of which no shipment was sent stands
-- for one: more is not known of it.
with lines as (
    select * from {{ newest(ref('stg_shipments__shipments'), ['client_id', 'source', 'shipment_line_id']) }} as line
),

orders as (
    select * from {{ newest(ref('stg_shipments__orders'), ['client_id', 'source', 'order_id']) }} as sales_order
),

order_carriers as (
    select client_id, order_id, min(carrier_id) as carrier_id from orders group by client_id, order_id
),

sent as (
    select
        client_id,
        line.source,
        coalesce(line.shipment_id, line.asn_id, line.shipment_line_id) as shipment_id,
        coalesce(line.shipment_id, line.asn_id) is not null as is_numbered,
        coalesce(line.carrier_id, order_carriers.carrier_id) as carrier_id,
        line.transport_mode_code,
        coalesce(line.origin_country_code, '?') || '-' || line.destination_country_code as lane_id,
        line.origin_location_code || '-' || line.destination_location_code as location_lane_id,
        line.shipped_date,
        line.promised_date,
        line.delivered_date,
        line.counted_date,
        line.weight_quantity
    from lines as line
    left join order_carriers using (client_id, order_id)
),

delivered as (
    select
        client_id,
        shipment_id,
        max(delivered_date) as delivered_date,
        bool_or(coalesce(damaged_quantity, 0) > 0 or coalesce(refused_quantity, 0) > 0) as has_damage
    from {{ newest(ref('stg_shipments__deliveries'), ['client_id', 'source', 'delivery_note_id', 'line_id']) }} as delivery
    where shipment_id is not null
    group by client_id, shipment_id
),

events as (
    select
        client_id,
        shipment_id,
        max((event_at at time zone coalesce(client.time_zone, 'UTC'))::date) filter (where event_code = 'delivered') as delivered_date,
        min((event_at at time zone coalesce(client.time_zone, 'UTC'))::date) filter (where event_code in ('picked_up', 'departed')) as shipped_date,
        bool_or(event_code in ('exception', 'returned')) as has_exception
    from {{ newest(ref('stg_shipments__shipment_events'), ['client_id', 'source', 'shipment_id', 'event_id']) }} as event
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
    group by client_id, shipment_id
),

charged as (
    select client_id, shipment_id, min(carrier_id) as carrier_id
    from {{ ref('stg_shipments__freight_invoices') }}
    where charge_code = 'freight'
    group by client_id, shipment_id
),

together as (
    select
        client_id,
        source,
        shipment_id,
        bool_or(is_numbered) as is_numbered,
        min(carrier_id) as carrier_id,
        case when min(transport_mode_code) = max(transport_mode_code) then min(transport_mode_code) end as transport_mode_code,
        case when min(lane_id) = max(lane_id) then min(lane_id) else 'several' end as lane_id,
        case when min(location_lane_id) = max(location_lane_id) then min(location_lane_id) end as location_lane_id,
        min(shipped_date) as shipped_date,
        max(promised_date) as promised_date,
        case when count(delivered_date) = count(*) then max(delivered_date) end as delivered_date,
        min(counted_date) as counted_date,
        sum(weight_quantity)::numeric(20, 4) as weight_kg,
        count(*) as lines
    from sent
    group by client_id, source, shipment_id
)

select
    client_id,
    source,
    shipment_id,
    'shipment' as origin_code,
    is_numbered,
    coalesce(together.carrier_id, charged.carrier_id) as carrier_id,
    transport_mode_code,
    lane_id,
    location_lane_id,
    coalesce(together.shipped_date, events.shipped_date) as shipped_date,
    promised_date,
    coalesce(together.delivered_date, delivered.delivered_date, events.delivered_date) as delivered_date,
    counted_date,
    weight_kg,
    lines,
    delivered.has_damage,
    events.has_exception
from together
left join delivered using (client_id, shipment_id)
left join events using (client_id, shipment_id)
left join charged using (client_id, shipment_id)
union all
select
    client_id,
    source,
    order_id,
    'order',
    true,
    carrier_id,
    transport_mode_code,
    '?-' || ship_to_country_code,
    null,
    shipped_date,
    promised_date,
    null,
    shipped_date,
    null::numeric(20, 4),
    null,
    null,
    null
from orders
where
    shipped_date is not null and carrier_id is not null
    and not exists (select from lines where lines.client_id = orders.client_id and lines.order_id = orders.order_id)
