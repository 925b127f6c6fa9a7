-- matched_documents_are_those_of_core
-- All receipts of something, and all invoice lines of clients whose invoices name orders, stand in the match, with or without an
-- order. Lines that keep what was received may add receipts, at most one each.
with ordering as (
    select client_id, count(*) filter (where received_quantity <> 0) as keeping_lines
    from {{ source('core', 'shipments_purchase_order_lines') }}
    where {{ known_at_cut_off() }}
    group by client_id
),

invoicing as (
    select distinct client_id
    from {{ source('core', 'ledgers_invoice_lines') }}
    where {{ known_at_cut_off() }} and ledger_code = 'payables' and purchase_order_id is not null
),

receipts as (
    select distinct on (client_id, _source, receipt_id, line_id) client_id, received_quantity
    from {{ source('core', 'shipments_goods_receipts') }}
    where {{ known_at_cut_off() }}
    order by client_id, _source, receipt_id, line_id, nullif(_period, '') desc nulls last
),

invoice_lines as (
    select distinct client_id, _source, partner_id, invoice_id, line_id
    from {{ source('core', 'ledgers_invoice_lines') }}
    where {{ known_at_cut_off() }} and ledger_code = 'payables'
),

core as (
    select
        ordering.client_id,
        ordering.keeping_lines,
        (select count(*) from receipts where receipts.client_id = ordering.client_id and received_quantity <> 0) as receipts,
        (select count(*) from invoice_lines where invoice_lines.client_id = invoicing.client_id) as invoice_lines
    from ordering
    left join invoicing using (client_id)
),

mart as (
    select client_id, sum(receipts) as receipts, sum(invoice_lines) as invoice_lines
    from {{ whole(ref('rpt_three_way_match')) }} as whole
    group by client_id
)

select client_id, core.receipts, mart.receipts as receipts_in_match, core.invoice_lines, mart.invoice_lines as lines_in_match
from core
full join mart using (client_id)
where
    core.client_id is null or mart.client_id is null
    or mart.receipts not between core.receipts and core.receipts + core.keeping_lines
    or core.invoice_lines > 0 and mart.invoice_lines <> core.invoice_lines
