-- What was to be delivered: lines of orders; orders of a source that has no lines; lines of shipments of no known order, for
-- clients that tell no more. A line that comes in several periods stands once: as the newest says.
with orders as (
    select * from {{ newest(ref('stg_shipments__orders'), ['client_id', 'source', 'order_id']) }} as newest_row
),

order_lines as (
    select * from {{ newest(ref('stg_shipments__order_lines'), ['client_id', 'source', 'order_id', 'line_id']) }} as newest_row
),

-- The head of a line: of the source of the same name, else of the only one that has the order, or the first of them.
heads as (
    select distinct on (lined.client_id, lined.source, lined.order_id)
        orders.*,
        lined.source as line_source
    from (select distinct client_id, source, order_id from order_lines) as lined
    join orders using (client_id, order_id)
    order by lined.client_id, lined.source, lined.order_id, orders.source <> lined.source, orders.source
),

measured as (
    select line.*, {{ counted_unit('line') }} as counted_unit_code
    from {{ with_base_units('order_lines') }} as line
    left join {{ ref('int_products') }} as product using (client_id, product_id)
),

lines as (
    select
        'order_line' as line_kind_code,
        line.client_id,
        line.source,
        line.order_id,
        line.line_id,
        head.customer_id,
        head.customer_name,
        line.product_id,
        head.ordered_date,
        coalesce(line.requested_date, head.requested_date) as requested_date,
        coalesce(line.promised_date, head.promised_date) as promised_date,
        head.shipped_date as order_shipped_date,
        head.order_status_code,
        head.ship_to_country_code as destination_country_code,
        head.carrier_id,
        head.transport_mode_code,
        line.counted_unit_code as unit_code,
        line.base_units is null as is_unknown_unit,
        ({{ in_counted_units('line.ordered_quantity', 'line') }})::numeric(24, 6) as ordered_quantity,
        ({{ in_counted_units('coalesce(line.cancelled_quantity, 0)', 'line') }})::numeric(24, 6) as cancelled_quantity,
        ({{ in_counted_units('line.shipped_quantity', 'line') }})::numeric(24, 6) as told_shipped_quantity,
        coalesce(
            line.line_amount,
            line.ordered_quantity * line.unit_price_amount * (1 - coalesce(line.discount_pct, 0) / 100)
        )::numeric(24, 2) as line_amount,
        coalesce(line.currency_code, head.currency_code) as currency_code,
        line.delivery_id,
        line.row_number,
        line.row_part
    from measured as line
    left join heads as head
        on head.client_id = line.client_id and head.line_source = line.source and head.order_id = line.order_id
),

whole_orders as (
    select
        'order' as line_kind_code,
        client_id,
        source,
        order_id,
        '-' as line_id,
        customer_id,
        customer_name,
        null as product_id,
        ordered_date,
        requested_date,
        promised_date,
        shipped_date as order_shipped_date,
        order_status_code,
        ship_to_country_code as destination_country_code,
        carrier_id,
        transport_mode_code,
        null as unit_code,
        false as is_unknown_unit,
        null::numeric(24, 6) as ordered_quantity,
        null::numeric(24, 6) as cancelled_quantity,
        null::numeric(24, 6) as told_shipped_quantity,
        null::numeric(24, 2) as line_amount,
        currency_code,
        delivery_id,
        row_number,
        row_part
    from orders
    where
        not exists (select from heads where heads.client_id = orders.client_id and heads.source = orders.source)
        and not exists (select from heads where heads.client_id = orders.client_id and heads.order_id = orders.order_id)
),

known_orders as (
    select client_id, order_id from orders
    union
    select client_id, order_id from order_lines
),

-- What comes in for the client's own purchase orders is not promised to a customer.
shipment_lines as (
    select
        'shipment' as line_kind_code,
        line.client_id,
        line.source,
        line.order_key as order_id,
        line.line_key as line_id,
        min(line.customer_id) as customer_id,
        null as customer_name,
        min(line.product_id) as product_id,
        min(line.order_sent_date) as ordered_date,
        null::date as requested_date,
        max(line.promised_date) as promised_date, -- of a line shipped in parts: the day promised for the last of them
        null::date as order_shipped_date,
        null as order_status_code,
        min(line.destination_country_code) as destination_country_code,
        min(line.carrier_id) as carrier_id,
        min(line.transport_mode_code) as transport_mode_code,
        case when count(distinct coalesce(line.unit_code, '')) = 1 then min(line.unit_code) end as unit_code,
        coalesce(bool_or(line.is_in_own_unit), false) as is_unknown_unit,
        case when count(distinct coalesce(line.unit_code, '')) = 1
            then max(line.ordered_quantity) end::numeric(24, 6) as ordered_quantity, -- each part repeats it
        0::numeric(24, 6) as cancelled_quantity,
        null::numeric(24, 6) as told_shipped_quantity,
        sum(line.line_amount)::numeric(24, 2) as line_amount,
        min(line.currency_code) as currency_code,
        min(line.delivery_id) as delivery_id,
        min(line.row_number) as row_number,
        min(line.row_part) as row_part
    from {{ ref('int_shipment_lines') }} as line
    where
        not exists (
            select from known_orders where known_orders.client_id = line.client_id and known_orders.order_id = line.order_id
        )
        and not exists (
            select from {{ ref('stg_shipments__purchase_orders') }} as bought
            where bought.client_id = line.client_id and bought.purchase_order_id = line.order_id
        )
    group by line.client_id, line.source, line.order_key, line.line_key
)

select * from lines
union all
select * from whole_orders
union all
select * from shipment_lines
