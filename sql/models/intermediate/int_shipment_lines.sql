-- A line that comes in several periods stands once: as the newest says. Quantities without a unit are packs, of products
-- that have packs.
with newest as (
    select * from {{ newest(ref('stg_shipments__shipments'), ['client_id', 'source', 'shipment_line_id']) }} as newest_row
),

packed as (
    select
        client_id,
        source,
        shipment_line_id,
        order_id,
        order_line_id,
        coalesce(shipment_id, asn_id) as shipment_id,
        product_id,
        item_name,
        customer_id,
        supplier_name,
        order_sent_date,
        promised_date,
        shipped_date,
        delivered_date,
        coalesce(origin_location_code, origin_country_code) as origin_code,
        coalesce(destination_location_code, destination_country_code) as destination_code,
        destination_country_code,
        transport_mode_code,
        carrier_id,
        line_quantity,
        ordered_quantity,
        coalesce(newest.unit_code, product.pack_unit_code) as unit_code,
        line_amount,
        newest.currency_code,
        delivery_id,
        row_number,
        row_part
    from newest
    left join {{ ref('int_products') }} as product using (client_id, product_id)
)

select
    line.client_id,
    line.source,
    line.shipment_line_id,
    line.order_id,
    line.order_line_id,
    line.shipment_id,
    coalesce(line.order_id, line.shipment_id, line.shipment_line_id) as order_key,
    coalesce(case when line.order_id is not null then line.order_line_id end, line.shipment_line_id) as line_key,
    coalesce(line.product_id, line.item_name) as product_id,
    line.customer_id,
    line.supplier_name,
    line.order_sent_date,
    line.promised_date,
    line.shipped_date,
    line.delivered_date,
    line.origin_code,
    line.destination_code,
    line.destination_country_code,
    line.transport_mode_code,
    line.carrier_id,
    ({{ in_counted_units('line.line_quantity', 'line') }})::numeric(24, 6) as quantity,
    ({{ in_counted_units('line.ordered_quantity', 'line') }})::numeric(24, 6) as ordered_quantity,
    line.base_units is null as is_in_own_unit,
    {{ counted_unit('line') }} as unit_code,
    line.line_amount,
    line.currency_code,
    line.delivery_id,
    line.row_number,
    line.row_part
from {{ with_base_units('packed') }} as line
left join {{ ref('int_products') }} as product using (client_id, product_id)
