-- The days of a shipment and of the orders in it: when each was ordered, when it left, when it arrived. The day of a
-- delivery note goes before that of the list of shipments, and that before the events of the carrier. Orders of which no
-- shipment is known count as one shipment each.
with orders as (
    select distinct on (client_id, order_id) *
    from {{ ref('stg_shipments__orders') }}
    order by client_id, order_id, period desc nulls last, source
),

notes as (
    select client_id, shipment_id, max(delivered_date) as delivered_date
    from {{ ref('stg_shipments__deliveries') }}
    where shipment_id is not null
    group by client_id, shipment_id
),

noted_orders as (
    select client_id, order_id, max(delivered_date) as delivered_date
    from {{ ref('stg_shipments__deliveries') }}
    where order_id is not null
    group by client_id, order_id
),

events as (
    select
        client_id,
        shipment_id,
        (min(event_at at time zone coalesce(client.time_zone, 'UTC'))
            filter (where event_code in ('picked_up', 'departed')))::date as shipped_date,
        (max(event_at at time zone coalesce(client.time_zone, 'UTC'))
            filter (where event_code = 'delivered'))::date as delivered_date
    from {{ ref('stg_shipments__shipment_events') }}
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
    group by client_id, shipment_id
),

shipped as (
    select
        line.client_id,
        line.source,
        coalesce(line.shipment_id, line.shipment_line_id) as shipment_key,
        line.order_key as order_id,
        coalesce(min(line.origin_code), 'not_stated') as origin_code,
        coalesce(min(line.destination_code), 'not_stated') as destination_code,
        coalesce(min(line.transport_mode_code), min(head.transport_mode_code), 'not_stated') as transport_mode_code,
        coalesce(min(line.carrier_id), min(head.carrier_id)) as carrier_id,
        coalesce(min(head.ordered_date), min(line.order_sent_date)) as ordered_date,
        coalesce(min(line.shipped_date), min(event.shipped_date)) as shipped_date,
        coalesce(min(note.delivered_date), max(line.delivered_date), max(event.delivered_date)) as delivered_date
    from {{ ref('int_shipment_lines') }} as line
    left join orders as head on head.client_id = line.client_id and head.order_id = line.order_id
    left join notes as note on note.client_id = line.client_id and note.shipment_id = line.shipment_id
    left join events as event on event.client_id = line.client_id and event.shipment_id = line.shipment_id
    group by line.client_id, line.source, coalesce(line.shipment_id, line.shipment_line_id), line.order_key
)

select * from shipped
union all
select
    client_id,
    source,
    order_id,
    order_id,
    'not_stated',
    coalesce(ship_to_location_code, ship_to_country_code, 'not_stated'),
    coalesce(transport_mode_code, 'not_stated'),
    carrier_id,
    ordered_date,
    shipped_date,
    noted_orders.delivered_date
from orders
left join noted_orders using (client_id, order_id)
where not exists (select from shipped where shipped.client_id = orders.client_id and shipped.order_id = orders.order_id)
