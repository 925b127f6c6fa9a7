-- What the other domains know of customers, by golden record and currency. A number that no customer has, or several golden
-- records, stands as '(not in the master)': so all amounts are here.
with orders as (
    select distinct on (client_id, source, order_id) *
    from {{ ref('stg_shipments__orders') }}
    order by client_id, source, order_id, period desc nulls last
),

order_lines as (
    select distinct on (client_id, source, order_id, line_id) *
    from {{ ref('stg_shipments__order_lines') }}
    order by client_id, source, order_id, line_id, period desc nulls last
),

-- The head of a line: of the source of the same name, else the first that has the order.
heads as (
    select distinct on (lined.client_id, lined.source, lined.order_id)
        lined.client_id, lined.source, lined.order_id, head.customer_id, head.ordered_date, head.order_status_code,
        head.currency_code, head.source as head_source
    from (
        select client_id, source, order_id from order_lines
        union
        select client_id, source, order_id from orders
    ) as lined
    left join orders as head on head.client_id = lined.client_id and head.order_id = lined.order_id
    order by lined.client_id, lined.source, lined.order_id, head.source <> lined.source, head.source
),

returns as (
    select distinct on (client_id, source, return_id, line_id) *
    from {{ ref('stg_shipments__returns') }}
    order by client_id, source, return_id, line_id, period desc nulls last
),

ordering_customers as (
    select client_id, order_id, min(customer_id) as customer_id
    from orders
    group by client_id, order_id
    having min(customer_id) = max(customer_id)
),

-- A payment stands in one row for each invoice it pays.
payments as (
    select distinct on (client_id, source, payment_id) *
    from {{ ref('stg_ledgers__payments') }}
    where direction_code = 'in'
    order by client_id, source, payment_id, allocation_id
),

events as (
    select
        head.client_id,
        coalesce(head.head_source, head.source) as source,
        head.customer_id,
        coalesce(line.currency_code, head.currency_code, 'not_stated') as currency_code,
        'order' as kind_code,
        coalesce(head.head_source, head.source) || ' ' || head.order_id as document_key,
        head.ordered_date as event_date,
        line.line_amount as amount,
        null::numeric as overdue_amount
    from heads as head
    left join order_lines as line
        on line.client_id = head.client_id and line.source = head.source and line.order_id = head.order_id
    where head.order_status_code is distinct from 'cancelled'
    union all
    select
        line.client_id,
        line.source,
        coalesce(line.customer_id, ordering.customer_id),
        coalesce(line.currency_code, 'not_stated'),
        'return',
        line.source || ' ' || line.return_id,
        line.returned_date,
        line.refund_amount,
        null
    from returns as line
    left join ordering_customers as ordering on ordering.client_id = line.client_id and ordering.order_id = line.order_id
    union all
    select
        document.client_id,
        document.source,
        document.customer_id,
        document.currency_code,
        'receivable',
        document.source || ' ' || document.customer_id || ' ' || document.invoice_id,
        document.invoice_date,
        document.open_amount,
        case when document.due_date < {{ today() }} then document.open_amount else 0 end
    from {{ ref('stg_ledgers__receivables') }} as document
    left join {{ ref('stg_ops__clients') }} as client on client.client_id = document.client_id
    union all
    select
        client_id,
        source,
        partner_id,
        currency_code,
        'payment',
        source || ' ' || payment_id,
        payment_date,
        payment_amount,
        null
    from payments
),

asked as (
    select distinct client_id, source, customer_id from events where customer_id is not null
),

known as (
    select * from {{ golden_ids_of('asked') }} as found
)

select
    event.client_id,
    coalesce(known.golden_id, '(not in the master)') as golden_id,
    event.currency_code,
    count(distinct document_key) filter (where kind_code = 'order') as orders,
    coalesce(sum(amount) filter (where kind_code = 'order'), 0)::numeric(24, 2) as order_amount,
    max(event_date) filter (where kind_code = 'order') as last_ordered_date,
    count(distinct document_key) filter (where kind_code = 'receivable' and amount <> 0) as open_documents,
    coalesce(sum(amount) filter (where kind_code = 'receivable'), 0)::numeric(24, 2) as open_amount,
    coalesce(sum(overdue_amount), 0)::numeric(24, 2) as overdue_amount,
    max(event_date) filter (where kind_code = 'receivable') as last_invoiced_date,
    count(distinct document_key) filter (where kind_code = 'payment') as payments,
    coalesce(sum(amount) filter (where kind_code = 'payment'), 0)::numeric(24, 2) as paid_amount,
    max(event_date) filter (where kind_code = 'payment') as last_paid_date,
    count(distinct document_key) filter (where kind_code = 'return') as returns,
    coalesce(sum(amount) filter (where kind_code = 'return'), 0)::numeric(24, 2) as refund_amount,
    max(event_date) filter (where kind_code = 'return') as last_returned_date,
    {{ cut_off() }} as known_at
from events as event
left join known
    on known.client_id = event.client_id and known.source = event.source and known.customer_id = event.customer_id
group by event.client_id, coalesce(known.golden_id, '(not in the master)'), event.currency_code
