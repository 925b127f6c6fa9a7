{{ config(post_hook='analyze {{ this }}') }}

-- An item is a document (invoice, credit note) or a payment; each event changes what is open of one item. An allocation
-- moves its amount from the payment to the document, so a partner's balance changes on the day of the payment, and the
-- document on the day of the allocation.
with documents as (
    select * from {{ ref('int_subledger_documents') }}
),

allocations as (
    select * from {{ ref('int_payment_allocations') }}
),

document_allocations as (
    select *
    from allocations
    where document_ledger_code is not null and is_in_documents_currency
),

payments as (
    select distinct on (client_id, source, payment_id) *
    from allocations
    where ledger_code is not null
    order by client_id, source, payment_id, allocation_id
),

settled as (
    select
        client_id,
        document_source as source,
        document_ledger_code as ledger_code,
        document_partner_id as partner_id,
        invoice_id,
        sum(document_direction * (allocated_amount + discount_amount)) as settled_amount,
        max(allocated_date) as last_date
    from document_allocations
    group by client_id, document_source, document_ledger_code, document_partner_id, invoice_id
),

differing as (
    select
        document.*,
        document.open_amount - document.gross_amount + coalesce(settled.settled_amount, 0) as difference_amount,
        settled.last_date
    from documents as document
    left join settled using (client_id, source, ledger_code, partner_id, invoice_id)
    where document.open_amount <> document.gross_amount - coalesce(settled.settled_amount, 0)
),

events as (
    select
        client_id, source, ledger_code, partner_id, 'document' as item_code, source as item_source, invoice_id as item_id,
        entity_code,
        document_type_code as event_code, booked_date as event_date, gross_amount as event_amount,
        currency_code, invoice_date, due_date, partner_name, control_account_id,
        null as payment_id, null as allocation_id, delivery_id, row_number, row_part
    from documents
    union all
    -- What the ledger says beyond its payments: less is open since it was settled, or at any time if it does not say when;
    -- more is open since the last allocation that it does not know of.
    select
        client_id, source, ledger_code, partner_id, 'document', source, invoice_id, entity_code,
        'ledger',
        greatest(
            booked_date,
            case when difference_amount * gross_amount < 0 then settled_date else last_date end),
        difference_amount,
        currency_code, invoice_date, due_date, partner_name, control_account_id,
        null, null, delivery_id, row_number, row_part
    from differing
    union all
    {% for event in ('allocation', 'discount') -%}
    select
        client_id, document_source, document_ledger_code, document_partner_id, 'document', document_source,
        invoice_id, document_entity_code,
        '{{ event }}', allocated_date,
        - document_direction * {{ 'allocated_amount' if event == 'allocation' else 'discount_amount' }},
        currency_code, invoice_date, due_date, null, document_control_account_id,
        payment_id, allocation_id, delivery_id, row_number, row_part
    from document_allocations
    {% if event == 'discount' %}where discount_amount <> 0{% endif %}
    union all
    {% endfor -%}
    select
        client_id, ledger_source, ledger_code, partner_id, 'payment', source, payment_id, entity_code,
        'payment', payment_date, - direction * payment_amount,
        currency_code, null, null, null, control_account_id,
        payment_id, null, delivery_id, row_number, row_part
    from payments
    union all
    select
        client_id, ledger_source, ledger_code, partner_id, 'payment', source, payment_id, entity_code,
        'allocation', allocated_date, direction * allocated_amount,
        currency_code, null, null, null, control_account_id,
        payment_id, allocation_id, delivery_id, row_number, row_part
    from allocations
    where ledger_code is not null and invoice_id is not null
),

today as (
    select client_id, today from {{ ref('int_as_of_dates') }} where is_today
)

select
    client_id,
    source,
    ledger_code,
    partner_id,
    item_code,
    item_source,
    item_id,
    entity_code,
    event_code,
    event_date,
    least(event_date, today) as counts_from_date,
    event_amount,
    currency_code,
    invoice_date,
    due_date,
    partner_name,
    control_account_id,
    payment_id,
    allocation_id,
    delivery_id,
    row_number,
    row_part,
    {{ cut_off() }} as known_at
from events
join today using (client_id)
