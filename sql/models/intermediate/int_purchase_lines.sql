-- A line that comes in several periods stands once: as the newest says. Its order is that of its own source, else of
-- another one; the supplier of a line without an order is the main one of its product. A line in a unit that nothing converts is
-- kept in that unit: what is received and invoiced in the same one can be compared with it.
with lines as (
    select * from {{ newest(ref('stg_shipments__purchase_order_lines'), ['client_id', 'source', 'purchase_order_id', 'line_id']) }} as line
),

orders as (
    select * from {{ newest(ref('stg_shipments__purchase_orders'), ['client_id', 'source', 'purchase_order_id']) }} as purchase_order
),

headed as (
    select distinct on (line.client_id, line.source, line.purchase_order_id, line.line_id)
        line.*,
        header.supplier_id,
        header.ordered_date,
        header.promised_date,
        header.order_status_code
    from lines as line
    left join orders as header using (client_id, purchase_order_id)
    order by
        line.client_id, line.source, line.purchase_order_id, line.line_id,
        header.source = line.source desc nulls last, header.source
),

suppliers as (
    select distinct on (client_id, supplier_id) client_id, supplier_id, supplier_name, promised_lead_time_days
    from {{ ref('stg_shipments__suppliers') }}
    order by client_id, supplier_id, period desc nulls last, source
)

select
    line.client_id,
    line.source,
    line.purchase_order_id,
    line.line_id,
    line.product_id,
    product.product_name,
    coalesce(line.supplier_id, product.supplier_id) as supplier_id,
    suppliers.supplier_name,
    coalesce(suppliers.promised_lead_time_days, product.lead_time_days) as promised_lead_time_days,
    line.ordered_date,
    coalesce(line.due_date, line.promised_date) as due_date,
    line.order_status_code,
    coalesce(line.order_status_code in ('cancelled', 'rejected'), false) as is_cancelled,
    coalesce(line.order_status_code = 'draft', false) as is_draft,
    coalesce(line.is_closed, false)
        or coalesce(line.order_status_code in ('received', 'closed', 'cancelled', 'rejected'), false) as is_closed,
    (line.ordered_quantity * coalesce(line.base_units, 1))::numeric(24, 6) as ordered_quantity,
    case when line.base_units is null then line.unit_code else coalesce(product.base_unit_code, line.unit_code) end as quantity_unit,
    line.base_units is null as is_in_own_unit,
    (line.unit_price_amount / nullif(coalesce(line.base_units, 1), 0))::numeric(24, 8) as price_amount,
    line.currency_code,
    coalesce(line.over_delivery_pct, 0) as over_delivery_pct,
    (line.received_quantity * coalesce(line.base_units, 1))::numeric(24, 6) as received_quantity,
    (coalesce(line.rejected_quantity, 0) * coalesce(line.base_units, 1))::numeric(24, 6) as rejected_quantity,
    line.received_date,
    line.unit_code,
    line.delivery_id,
    line.row_number,
    line.row_part
from {{ with_base_units('headed') }} as line
left join {{ ref('int_products') }} as product using (client_id, product_id)
left join suppliers
    on suppliers.client_id = line.client_id and suppliers.supplier_id = coalesce(line.supplier_id, product.supplier_id)
