-- Both documents of a pair stand in the ledger with the amount that the pair shows, and no pair is there twice the other way.
with documents as (
    select 'payables' as ledger_code, client_id, _source as source, supplier_id as partner_id, invoice_id, gross_amount
    from {{ source('core', 'ledgers_payables') }}
    where {{ known_at_cut_off() }}
    union
    select 'receivables', client_id, _source, customer_id, invoice_id, gross_amount
    from {{ source('core', 'ledgers_receivables') }}
    where {{ known_at_cut_off() }}
),

pairs as (
    select * from {{ whole(ref('rpt_duplicate_invoices')) }} as whole
)

select client_id, ledger_code, invoice_id, other_invoice_id, 'not in the ledger' as problem
from pairs
where
    not exists (
        select from documents
        where (documents.client_id, documents.ledger_code, documents.source, documents.partner_id, documents.invoice_id)
            = (pairs.client_id, pairs.ledger_code, pairs.source, pairs.partner_id, pairs.invoice_id)
            and documents.gross_amount = pairs.gross_amount)
    or not exists (
        select from documents
        where (documents.client_id, documents.ledger_code, documents.source, documents.partner_id, documents.invoice_id)
            = (pairs.client_id, pairs.ledger_code, pairs.other_source, pairs.other_partner_id, pairs.other_invoice_id)
            and documents.gross_amount = pairs.gross_amount)
union all
select one.client_id, one.ledger_code, one.invoice_id, one.other_invoice_id, 'twice'
from pairs as one
join pairs as other
    on (other.client_id, other.ledger_code, other.source, other.partner_id, other.invoice_id)
    = (one.client_id, one.ledger_code, one.other_source, one.other_partner_id, one.other_invoice_id)
    and (other.other_source, other.other_partner_id, other.other_invoice_id)
    = (one.source, one.partner_id, one.invoice_id)
