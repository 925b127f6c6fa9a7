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
        coalesce(line.product_id, receipt.product_id) as product_id
    from {{ with_order_lines('receipts', receipt) }} as receipt
    left join {{ ref('int_purchase_lines') }} as line
        on line.client_id = receipt.client_id and line.source = receipt.line_source
        and line.purchase_order_id = receipt.purchase_order_id and line.line_id = receipt.found_line_id
),

counted as (
    select
        told.*,
        case when told.found_line_id is null then told.base_units else {{ units_of_line('told', 'line') }} end as line_units
    from {{ with_base_units('told') }} as told
    left join {{ ref('int_purchase_lines') }} as line
        on line.client_id = told.client_id and line.source = told.line_source
        and line.purchase_order_id = told.purchase_order_id and line.line_id = told.found_line_id
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
    received_date,
    received_quantity * line_units as received_quantity,
    rejected_quantity * line_units as rejected_quantity
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
