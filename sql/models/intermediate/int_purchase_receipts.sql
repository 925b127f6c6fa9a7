-- Receipts with the order lines they are for, in base units of the product ordered; and what clients keep on lines that
-- no receipt names.
{%- set receipt = ['client_id', 'source', 'receipt_id', 'receipt_line_id'] %}
with receipts as (
    select receipt.*, receipt.line_id as receipt_line_id
    from {{ newest(ref('stg_shipments__goods_receipts'), ['client_id', 'source', 'receipt_id', 'line_id']) }} as receipt
),

told as (
    select
        receipt.client_id,
        receipt.source,
        receipt.receipt_id,
        receipt.receipt_line_id,
        receipt.purchase_order_id,
        receipt.purchase_order_line_id,
        receipt.received_date,
        receipt.received_quantity,
        coalesce(receipt.rejected_quantity, 0) as rejected_quantity,
        receipt.unit_code,
        receipt.line_source,
        receipt.found_line_id,
        receipt.product_id as told_product_id,
        coalesce(line.product_id, receipt.product_id) as product_id
    from {{ with_order_lines('receipts', receipt) }} as receipt
    left join {{ ref('int_purchase_lines') }} as line
        on line.client_id = receipt.client_id and line.source = receipt.line_source
        and line.purchase_order_id = receipt.purchase_order_id and line.line_id = receipt.found_line_id
),

-- Products by the client's own numbers: a number of the supplier's own tells no other product.
known_products as (
    select client_id, product_id from {{ ref('int_products') }}
    union
    select client_id, product_id from {{ ref('int_purchase_lines') }}
),

counted as (
    select
        told.*,
        told.found_line_id is not null and told.told_product_id <> told.product_id and known.product_id is not null as is_other_product,
        case when told.found_line_id is null then told.base_units else {{ units_of_line('told', 'line') }} end as line_units
    from {{ with_base_units('told') }} as told
    left join {{ ref('int_purchase_lines') }} as line
        on line.client_id = told.client_id and line.source = told.line_source
        and line.purchase_order_id = told.purchase_order_id and line.line_id = told.found_line_id
    left join known_products as known on known.client_id = told.client_id and known.product_id = told.told_product_id
)

select
    client_id,
    source,
    receipt_id,
    receipt_line_id,
    purchase_order_id,
    purchase_order_line_id,
    line_source,
    found_line_id,
    product_id,
    is_other_product,
    received_date,
    (received_quantity * line_units)::numeric(24, 6) as received_quantity,
    (rejected_quantity * line_units)::numeric(24, 6) as rejected_quantity
from counted
union all
select
    client_id,
    source,
    null,
    null,
    purchase_order_id,
    line_id,
    source,
    line_id,
    product_id,
    false,
    received_date,
    received_quantity,
    rejected_quantity
from {{ ref('int_purchase_lines') }} as line
where
    received_quantity is not null
    and not exists (
        select from counted
        where counted.client_id = line.client_id and counted.line_source = line.source
            and counted.purchase_order_id = line.purchase_order_id and counted.found_line_id = line.line_id)
