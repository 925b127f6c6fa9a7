-- Invoices and credit notes of both sub-ledgers in one shape. The control account is that of the document, else of the
-- partner, else the only one that the chart of accounts has for the sub-ledger.
with documents as (
    {% for ledger, partner in (('payables', 'supplier'), ('receivables', 'customer')) -%}
    select
        client_id,
        source,
        '{{ ledger }}' as ledger_code,
        {{ partner }}_id as partner_id,
        {{ partner }}_name as partner_name,
        invoice_id,
        entity_code,
        coalesce(document_type_code, case when gross_amount < 0 then 'credit_note' else 'invoice' end)
            as document_type_code,
        invoice_date,
        coalesce(posting_date, invoice_date) as booked_date,
        due_date,
        settled_date,
        net_amount,
        tax_amount,
        gross_amount,
        open_amount,
        currency_code,
        control_account_id,
        delivery_id,
        row_number,
        row_part
    from {{ ref('stg_ledgers__' ~ ledger) }}
    {% if not loop.last %}
    union all
    {% endif -%}
    {% endfor %}
)

select
    document.client_id,
    document.source,
    document.ledger_code,
    document.partner_id,
    document.partner_name,
    document.invoice_id,
    document.entity_code,
    document.document_type_code,
    document.invoice_date,
    document.booked_date,
    document.due_date,
    document.settled_date,
    document.net_amount,
    document.tax_amount,
    document.gross_amount,
    document.open_amount,
    document.currency_code,
    coalesce(document.control_account_id, control.account_id) as control_account_id,
    document.delivery_id,
    document.row_number,
    document.row_part
from documents as document
left join {{ ref('int_control_accounts') }} as control
    on control.client_id = document.client_id
    and control.ledger_code = document.ledger_code
    and control.partner_id = document.partner_id
