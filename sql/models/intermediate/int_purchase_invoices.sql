-- Lines of suppliers' invoices of clients that send purchase orders, with the order lines they are for, in base units of
-- the product ordered. What a line credits is below zero in quantity and amount, whichever of them the client signs.
{%- set invoice = ['client_id', 'source', 'partner_id', 'invoice_id', 'invoice_line_id'] %}
with clients as (
    select distinct client_id from {{ ref('int_purchase_lines') }}
),

lines as (
    select line.*, line.line_id as invoice_line_id
    from {{ newest(ref('stg_ledgers__invoice_lines'), ['client_id', 'source', 'ledger_code', 'partner_id', 'invoice_id', 'line_id']) }} as line
    join clients using (client_id)
    where line.ledger_code = 'payables'
),

told as (
    select
        invoice.client_id,
        invoice.source,
        invoice.partner_id,
        invoice.invoice_id,
        invoice.invoice_line_id,
        invoice.invoice_date,
        invoice.purchase_order_id,
        invoice.purchase_order_line_id,
        coalesce(invoice.line_quantity, invoice.net_amount / nullif(invoice.unit_price_amount, 0)) as line_quantity,
        invoice.net_amount,
        invoice.currency_code,
        invoice.unit_code,
        invoice.line_source,
        invoice.found_line_id,
        invoice.product_id as told_product_id,
        coalesce(line.product_id, invoice.product_id) as product_id
    from {{ with_order_lines('lines', invoice) }} as invoice
    left join {{ ref('int_purchase_lines') }} as line
        on line.client_id = invoice.client_id and line.source = invoice.line_source
        and line.purchase_order_id = invoice.purchase_order_id and line.line_id = invoice.found_line_id
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
    partner_id,
    invoice_id,
    invoice_line_id,
    invoice_date,
    purchase_order_id,
    purchase_order_line_id,
    line_source,
    found_line_id,
    product_id,
    is_other_product,
    (case when net_amount < 0 then -abs(line_quantity) else line_quantity end * line_units)::numeric(24, 6) as quantity,
    line_quantity is null as has_no_quantity,
    line_quantity is not null and line_units is null as is_unknown_unit,
    case when line_quantity < 0 then -abs(net_amount) else net_amount end::numeric(24, 2) as net_amount,
    currency_code
from counted
