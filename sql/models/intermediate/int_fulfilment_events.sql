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
    select * from {{ newest(ref('stg_shipments__deliveries'), ['client_id', 'source', 'delivery_note_id', 'line_id']) }} as newest_row
),

shipped_items as (
    select
        client_id, shipment_id, product_id,
        min(order_key) as order_key, min(order_line_id) as order_line_id, min(line_key) as line_key, count(*) as lines
    from {{ ref('int_shipment_lines') }}
    where shipment_id is not null
    group by client_id, shipment_id, product_id
),

-- (With `having` the planner takes them for few, and compares each note with each of them.)
shipments as (
    select client_id, shipment_id, case when min(order_key) = max(order_key) then min(order_key) end as order_key
    from {{ ref('int_shipment_lines') }}
    where shipment_id is not null
    group by client_id, shipment_id
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
        {{ in_counted_units('note.delivered_quantity', 'note') }} as quantity,
        {{ in_counted_units(
            'greatest(note.delivered_quantity - coalesce(note.damaged_quantity, 0) - coalesce(note.refused_quantity, 0), 0)', 'note'
        ) }} as accepted_quantity,
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

-- The unit of a product in an order; '?' where its lines have several.
units as (
    select
        client_id, order_id, source, line_kind_code, product_id,
        case when count(distinct coalesce(unit_code, '')) = 1 then min(unit_code) else '?' end as unit_code
    from demand
    group by client_id, order_id, source, line_kind_code, product_id
),

-- An order number that two sources use: the one of the same name has the event, else the first.
placed as (
    select distinct on (event.client_id, event.event_kind_code, event.event_source, event.event_id)
        event.*,
        orders.source,
        orders.line_kind_code,
        orders.lines as order_lines
    from events as event
    join orders using (client_id, order_id)
    order by
        event.client_id, event.event_kind_code, event.event_source, event.event_id,
        orders.source <> event.event_source, orders.source, orders.line_kind_code
),

matched as (
    select event.*, line.line_id as demand_line_id, line.unit_code as demand_unit_code
    from placed as event
    left join demand as line
        on line.client_id = event.client_id and line.line_kind_code = event.line_kind_code
        and line.source = event.source and line.order_id = event.order_id
        and line.line_id = case event.line_kind_code when 'shipment' then event.line_key else event.order_line_id end
),

-- In another unit than that of the order a quantity is unknown, never 1:1.
comparable as (
    select
        matched.*,
        matched.unit_code is null or coalesce(matched.demand_unit_code, unit.unit_code, matched.unit_code) = matched.unit_code
            as is_comparable
    from matched
    left join units as unit
        on matched.demand_line_id is null and unit.client_id = matched.client_id and unit.order_id = matched.order_id
        and unit.source = matched.source and unit.line_kind_code = matched.line_kind_code
        and unit.product_id = matched.product_id
),

counted as (
    select
        client_id, line_kind_code, source, order_id, demand_line_id, product_id, event_kind_code, event_source, event_id,
        shipped_date, delivered_date, order_lines,
        case when is_comparable then quantity end as quantity,
        case when is_comparable then accepted_quantity end as accepted_quantity
    from comparable
),

named as (
    select * from counted where demand_line_id is not null
),

-- Lines and events of a product in an order, each as a stretch of the quantity since the first of them.
unnamed as (
    select
        counted.*,
        coalesce(sum(quantity) over earlier, 0) as from_quantity,
        coalesce(sum(quantity) over earlier, 0) + coalesce(quantity, 0) as to_quantity
    from counted
    where demand_line_id is null and product_id is not null
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
        line.line_id as filled_line_id,
        case
            when event.quantity is not null
                then least(event.to_quantity, line.to_quantity) - greatest(event.from_quantity, line.from_quantity)
        end as filled_quantity
    from unnamed as event
    join lines_of_products as line using (client_id, line_kind_code, source, order_id, product_id, event_kind_code)
    where
        event.quantity is null
        or event.from_quantity < line.to_quantity and line.from_quantity < event.to_quantity
),

by_order as (
    select event.*, demand.line_id as dated_line_id
    from counted as event
    join demand using (client_id, line_kind_code, source, order_id)
    where
        event.demand_line_id is null
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
        shipped_date, delivered_date, quantity, accepted_quantity
    from named
    union all
    select
        client_id, line_kind_code, source, order_id, filled_line_id, event_kind_code, event_source, event_id,
        shipped_date, delivered_date, filled_quantity, accepted_quantity * filled_quantity / nullif(quantity, 0)
    from by_product
    union all
    select
        client_id, line_kind_code, source, order_id, dated_line_id, event_kind_code, event_source, event_id,
        shipped_date, delivered_date, case when order_lines = 1 then quantity end,
        case when order_lines = 1 then accepted_quantity end
    from by_order
)

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
    quantity::numeric(24, 6) as quantity,
    accepted_quantity::numeric(24, 6) as accepted_quantity
from found
