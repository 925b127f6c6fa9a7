-- Which line of which order a delivered or shipped line is for: as it says itself; else the lines of its product in the
-- order, filled one after the other; else the order's only line, or all of them by date alone, as nothing tells how much
-- of each it was.
with demand as (
    select
        client_id, line_kind_code, source, order_id, line_id, product_id, unit_code,
        ordered_quantity - cancelled_quantity as wanted_quantity
    from {{ ref('int_order_demand') }}
),

notes as (
    select distinct on (client_id, source, delivery_note_id, line_id) *
    from {{ ref('stg_shipments__deliveries') }}
    order by client_id, source, delivery_note_id, line_id, period desc nulls last
),

shipped_items as (
    select
        client_id, shipment_id, product_id,
        min(order_key) as order_key, min(order_line_id) as order_line_id, min(line_key) as line_key, count(*) as lines
    from {{ ref('int_shipment_lines') }}
    where shipment_id is not null
    group by client_id, shipment_id, product_id
),

shipments as (
    select client_id, shipment_id, min(order_key) as order_key
    from {{ ref('int_shipment_lines') }}
    where shipment_id is not null
    group by client_id, shipment_id
    having count(distinct order_key) = 1
),

events as (
    select
        'delivery_note' as event_kind_code,
        note.client_id,
        note.source as event_source,
        concat_ws('.', note.delivery_id, note.row_number, note.row_part) as event_id,
        coalesce(note.order_id, item.order_key, shipment.order_key, note.shipment_id) as order_id,
        coalesce(note.order_line_id, case when item.lines = 1 then item.order_line_id end) as order_line_id,
        coalesce(note.order_line_id, case when item.lines = 1 then item.line_key end) as line_key,
        note.product_id,
        null::date as shipped_date,
        note.delivered_date,
        note.delivered_quantity * note.base_units as quantity,
        greatest(
            note.delivered_quantity - coalesce(note.damaged_quantity, 0) - coalesce(note.refused_quantity, 0), 0
        ) * note.base_units as accepted_quantity,
        {{ counted_unit('note') }} as unit_code
    from {{ with_base_units('notes') }} as note
    left join {{ ref('int_products') }} as product using (client_id, product_id)
    left join shipped_items as item
        on item.client_id = note.client_id and item.shipment_id = note.shipment_id and item.product_id = note.product_id
        and (note.order_id is null or note.order_id = item.order_key)
    left join shipments as shipment on shipment.client_id = note.client_id and shipment.shipment_id = note.shipment_id
    union all
    select
        'shipment',
        client_id,
        source,
        shipment_line_id,
        order_key,
        order_line_id,
        line_key,
        product_id,
        shipped_date,
        delivered_date,
        quantity,
        quantity,
        unit_code
    from {{ ref('int_shipment_lines') }}
),

orders as (
    select client_id, order_id, source, line_kind_code, count(*) as lines
    from demand
    group by client_id, order_id, source, line_kind_code
),

-- An order number that two sources use: the one of the same name has the event, else the first.
placed as (
    select distinct on (event.client_id, event.event_kind_code, event.event_source, event.event_id)
        event.*,
        orders.source,
        orders.line_kind_code,
        orders.lines as order_lines,
        row_number() over () as event_number
    from events as event
    join orders using (client_id, order_id)
    order by
        event.client_id, event.event_kind_code, event.event_source, event.event_id,
        orders.source <> event.event_source, orders.source, orders.line_kind_code
),

named as (
    select event.*, demand.line_id as demand_line_id, demand.unit_code as demand_unit_code
    from placed as event
    join demand
        using (client_id, line_kind_code, source, order_id)
    where demand.line_id = case when line_kind_code = 'shipment' then event.line_key else event.order_line_id end
),

-- Lines and events of a product in an order, each as a stretch of the quantity since the first of them.
unnamed as (
    select
        *,
        coalesce(sum(quantity) over earlier, 0) as from_quantity,
        coalesce(sum(quantity) over earlier, 0) + coalesce(quantity, 0) as to_quantity
    from placed
    where event_number not in (select event_number from named) and product_id is not null
    window earlier as (
        partition by client_id, line_kind_code, source, order_id, product_id, event_kind_code
        order by coalesce(delivered_date, shipped_date), event_source, event_id
        rows between unbounded preceding and 1 preceding)
),

-- What of a line is left to fill after what names it.
unfilled as (
    select demand.*, kind.event_kind_code, greatest(wanted_quantity - coalesce(filled.quantity, 0), 0) as unfilled_quantity
    from demand
    cross join (values ('delivery_note'), ('shipment')) as kind (event_kind_code)
    left join (
        select client_id, line_kind_code, source, order_id, demand_line_id as line_id, event_kind_code, sum(quantity) as quantity
        from named
        group by client_id, line_kind_code, source, order_id, demand_line_id, event_kind_code
    ) as filled using (client_id, line_kind_code, source, order_id, line_id, event_kind_code)
),

lines_of_products as (
    select
        *,
        coalesce(sum(unfilled_quantity) over earlier, 0) as from_quantity,
        case
            when lead(line_id) over lines is not null
                then coalesce(sum(unfilled_quantity) over earlier, 0) + unfilled_quantity
            else 'infinity'
        end as to_quantity
    from unfilled
    window
        lines as (
            partition by client_id, line_kind_code, source, order_id, product_id, event_kind_code order by line_id),
        earlier as (lines rows between unbounded preceding and 1 preceding)
),

by_product as (
    select
        event.*,
        line.line_id as demand_line_id,
        line.unit_code as demand_unit_code,
        least(event.to_quantity, line.to_quantity) - greatest(event.from_quantity, line.from_quantity) as filled_quantity
    from unnamed as event
    join lines_of_products as line using (client_id, line_kind_code, source, order_id, product_id, event_kind_code)
    where
        event.quantity is null
        or event.from_quantity < line.to_quantity and line.from_quantity < event.to_quantity
),

by_order as (
    select event.*, demand.line_id as demand_line_id
    from placed as event
    join demand using (client_id, line_kind_code, source, order_id)
    where
        event_number not in (select event_number from named)
        and not exists (
            select from demand as line
            where
                (line.client_id, line.line_kind_code, line.source, line.order_id)
                = (event.client_id, event.line_kind_code, event.source, event.order_id)
                and line.product_id = event.product_id
        )
),

found as (
    select
        client_id, line_kind_code, source, order_id, demand_line_id as line_id, event_kind_code, event_source, event_id,
        shipped_date, delivered_date, quantity, accepted_quantity, unit_code, demand_unit_code
    from named
    union all
    select
        client_id, line_kind_code, source, order_id, demand_line_id, event_kind_code, event_source, event_id,
        shipped_date, delivered_date, filled_quantity, accepted_quantity * filled_quantity / nullif(quantity, 0),
        unit_code, demand_unit_code
    from by_product
    union all
    select
        client_id, line_kind_code, source, order_id, demand_line_id, event_kind_code, event_source, event_id,
        shipped_date, delivered_date, case when order_lines = 1 then quantity end,
        case when order_lines = 1 then accepted_quantity end, unit_code, null
    from by_order
)

-- Of a product that no list converts, another unit than that of the order makes a quantity unknown, never 1:1.
select
    client_id,
    line_kind_code,
    source,
    order_id,
    line_id,
    event_kind_code,
    event_source,
    event_id,
    shipped_date,
    delivered_date,
    case when unit_code = coalesce(demand_unit_code, unit_code) or unit_code is null then quantity end::numeric(24, 6)
        as quantity,
    case when unit_code = coalesce(demand_unit_code, unit_code) or unit_code is null then accepted_quantity end::numeric(24, 6)
        as accepted_quantity
from found
