-- Payments with the document that each row settles and the sub-ledger they belong to. `direction` is 1 where money flows as
-- the sub-ledger expects (in for receivables, out for payables) and -1 for a refund.
-- A payment belongs to the sub-ledger of the documents it settles; without one, to that of its partner's kind, else of
-- its direction. Payments to employees and authorities, and those without partner and document, belong to none.
-- The rows of a payment have one partner and direction, also where not each of them names the partner.
with payments as (
    select
        client_id, source, payment_id, allocation_id, entity_code, payment_date, payment_amount, allocated_amount,
        currency_code, discount_amount, invoice_id, allocation_date, method_code, delivery_id, row_number, row_part,
        max(partner_id) over one as partner_id,
        min(direction_code) over one as direction_code
    from {{ ref('stg_ledgers__payments') }}
    window one as (partition by client_id, source, payment_id)
),

candidates as (
    select
        payment.client_id,
        payment.source,
        payment.payment_id,
        payment.allocation_id,
        payment.partner_id,
        payment.direction_code,
        document.source as document_source,
        document.ledger_code as document_ledger_code,
        document.partner_id as document_partner_id,
        document.booked_date,
        document.invoice_date,
        document.entity_code as document_entity_code,
        document.control_account_id,
        document.due_date,
        document.currency_code as document_currency,
        count(*) over (
            partition by payment.client_id, payment.source, payment.payment_id, payment.allocation_id) as candidates
    from payments as payment
    join {{ ref('int_subledger_documents') }} as document
        on document.client_id = payment.client_id
        and document.invoice_id = payment.invoice_id
        and (payment.partner_id is null or document.partner_id = payment.partner_id)
),

found as (
    select distinct on (client_id, source, payment_id, allocation_id) *
    from candidates
    where partner_id is not null or candidates = 1
    order by
        client_id, source, payment_id, allocation_id,
        (document_source = source) desc,
        (document_ledger_code = case direction_code when 'in' then 'receivables' else 'payables' end) desc,
        document_source, document_ledger_code
),

settling as (
    select
        client_id,
        source,
        payment_id,
        min(document_ledger_code) as one_ledger,
        max(document_ledger_code) as other_ledger,
        min(document_source) as document_source,
        min(document_partner_id) as document_partner_id
    from found
    group by client_id, source, payment_id
),

kinds as (
    select distinct on (client_id, partner_id) client_id, partner_id, partner_type_code
    from {{ ref('stg_ledgers__partners') }}
    order by client_id, partner_id, source
),

ledger_sources as (
    select client_id, ledger_code, partner_id, min(source) as source
    from {{ ref('int_subledger_documents') }}
    group by client_id, ledger_code, partner_id
),

placed as (
    select
        payment.*,
        coalesce(payment.partner_id, settling.document_partner_id) as paying_partner_id,
        kinds.partner_type_code,
        settling.document_source as settling_source,
        found.document_source,
        found.document_ledger_code,
        found.document_partner_id,
        found.document_entity_code,
        found.booked_date,
        found.invoice_date,
        found.due_date,
        found.document_currency,
        found.control_account_id as document_control_account_id,
        case
            when settling.one_ledger = settling.other_ledger then settling.one_ledger
            when coalesce(payment.partner_id, settling.document_partner_id) is null then null
            when kinds.partner_type_code = 'supplier' then 'payables'
            when kinds.partner_type_code = 'customer' then 'receivables'
            when kinds.partner_type_code in ('employee', 'authority') then null
            when payment.direction_code = 'in' then 'receivables'
            else 'payables'
        end as ledger_code
    from payments as payment
    left join found
        on found.client_id = payment.client_id
        and found.source = payment.source
        and found.payment_id = payment.payment_id
        and found.allocation_id = payment.allocation_id
    left join settling
        on settling.client_id = payment.client_id
        and settling.source = payment.source
        and settling.payment_id = payment.payment_id
    left join kinds
        on kinds.client_id = payment.client_id and kinds.partner_id = payment.partner_id
)

select
    placed.client_id,
    placed.source,
    placed.payment_id,
    placed.allocation_id,
    placed.entity_code,
    placed.direction_code,
    placed.paying_partner_id as partner_id,
    placed.payment_date,
    placed.payment_amount,
    placed.allocated_amount,
    placed.currency_code,
    coalesce(placed.discount_amount, 0)::numeric(18,2) as discount_amount,
    placed.invoice_id,
    greatest(coalesce(placed.allocation_date, placed.payment_date), placed.payment_date, placed.booked_date)
        as allocated_date,
    placed.method_code,
    placed.ledger_code,
    case when placed.ledger_code = case placed.direction_code when 'in' then 'receivables' else 'payables' end
        then 1 else -1 end as direction,
    coalesce(placed.settling_source, ledger_sources.source, placed.source) as ledger_source,
    control.account_id as control_account_id,
    placed.document_source,
    placed.document_ledger_code,
    case when placed.document_ledger_code = case placed.direction_code when 'in' then 'receivables' else 'payables' end
        then 1 else -1 end as document_direction,
    placed.document_partner_id,
    placed.document_entity_code,
    placed.document_control_account_id,
    placed.due_date,
    placed.invoice_date,
    placed.document_currency = placed.currency_code as is_in_documents_currency,
    placed.delivery_id,
    placed.row_number,
    placed.row_part
from placed
left join ledger_sources
    on ledger_sources.client_id = placed.client_id
    and ledger_sources.ledger_code = placed.ledger_code
    and ledger_sources.partner_id = placed.paying_partner_id
left join {{ ref('int_control_accounts') }} as control
    on control.client_id = placed.client_id
    and control.ledger_code = placed.ledger_code
    and control.partner_id = placed.paying_partner_id
