-- What of a payment settles nothing is unallocated when it settles no document at all, over-paid when it settles some.
-- Beyond a document: what its allocations and discounts come to above its gross amount, counted on the last of them.
with allocations as (
    select
        *,
        max(coalesce(entity_code, document_entity_code)) over payment as paying_entity_code,
        min(payment_date) over payment as paid_date,
        sum(allocated_amount) filter (where invoice_id is not null) over payment as payment_allocated_amount,
        row_number() over (
            partition by client_id, source, payment_id order by allocation_id) = 1 as is_first_of_payment
    from {{ ref('int_payment_allocations') }}
    window payment as (partition by client_id, source, payment_id)
),

settling as (
    select
        allocation.*,
        sum(document_direction * (allocated_amount + discount_amount)) over earlier - document.gross_amount as beyond_amount,
        document_direction * (allocated_amount + discount_amount) as settled_amount
    from allocations as allocation
    join {{ ref('int_subledger_documents') }} as document
        on document.client_id = allocation.client_id
        and document.source = allocation.document_source
        and document.ledger_code = allocation.document_ledger_code
        and document.partner_id = allocation.document_partner_id
        and document.invoice_id = allocation.invoice_id
    where allocation.is_in_documents_currency and document.gross_amount > 0
    window earlier as (
        partition by
            allocation.client_id, allocation.document_source, allocation.document_ledger_code,
            allocation.document_partner_id, allocation.invoice_id
        order by allocated_date, allocation.source, payment_id, allocation_id)
),

beyond as (
    select client_id, source, payment_id, allocation_id, least(beyond_amount, settled_amount) as beyond_amount
    from settling
    where beyond_amount > 0 and settled_amount > 0
),

lines as (
    select
        allocation.*,
        coalesce(beyond.beyond_amount, 0) as beyond_amount,
        case when is_first_of_payment then payment_amount else 0 end as first_amount,
        case when is_first_of_payment then payment_amount - coalesce(payment_allocated_amount, 0) else 0 end
            as remaining_amount,
        payment_allocated_amount is null as settles_nothing,
        case when invoice_date is not null and allocated_amount > 0 then allocated_amount end as weight
    from allocations as allocation
    left join beyond using (client_id, source, payment_id, allocation_id)
)

select
    client_id,
    source,
    paying_entity_code as entity_code,
    direction_code,
    ledger_code,
    partner_id,
    date_trunc('month', paid_date)::date as payment_month,
    currency_code,
    count(*) filter (where is_first_of_payment) as payments,
    sum(first_amount) as payment_amount,
    coalesce(sum(allocated_amount) filter (where invoice_id is not null), 0) as allocated_amount,
    sum(discount_amount) as discount_amount,
    coalesce(sum(remaining_amount) filter (where settles_nothing), 0) as unallocated_amount,
    coalesce(sum(remaining_amount) filter (where not settles_nothing), 0) as over_paid_amount,
    sum(beyond_amount) as beyond_documents_amount,
    count(*) filter (where invoice_id is not null and document_ledger_code is null) as allocations_without_document,
    round(sum((paid_date - invoice_date) * weight) / sum(weight), 1) as mean_days_to_pay,
    round(sum((paid_date - due_date) * weight) / sum(weight), 1) as mean_days_late,
    {{ cut_off() }} as known_at
from lines
group by
    client_id, source, paying_entity_code, direction_code, ledger_code, partner_id,
    payment_month, currency_code
