-- All events of documents come to what the ledgers say is open, and those of payments to what is not allocated.
with ledger as (
    {% for ledger in ('payables', 'receivables') -%}
    select
        '{{ ledger }}' as ledger_code, client_id, _source as source, currency_code, sum(gross_amount) as gross_amount,
        sum(open_amount) as open_amount
    from {{ standing_documents(ledger, 'supplier_id' if ledger == 'payables' else 'customer_id') }} as document
    group by client_id, _source, currency_code
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

mart as (
    select
        ledger_code, client_id, source, currency_code,
        sum(event_amount) filter (where event_code in ('invoice', 'credit_note')) as gross_amount,
        sum(event_amount) as open_amount
    from {{ whole(ref('fct_open_item_events')) }} as whole
    where item_code = 'document'
    group by ledger_code, client_id, source, currency_code
),

-- Without those of no sub-ledger: these are in no event.
payments as (
    select distinct on (client_id, _source, payment_id)
        client_id, _source, payment_id, payment_amount,
        sum(allocated_amount) filter (where invoice_id is not null)
            over (partition by client_id, _source, payment_id) as allocated_amount
    from {{ source('core', 'ledgers_payments') }}
    where {{ known_at_cut_off() }}
    order by client_id, _source, payment_id, allocation_id
),

unallocated as (
    select
        client_id, item_source, item_id, abs(sum(event_amount)) as unallocated_amount
    from {{ whole(ref('fct_open_item_events')) }} as whole
    where item_code = 'payment'
    group by client_id, item_source, item_id
)

select ledger_code, client_id, source, currency_code, ledger.open_amount as in_core, mart.open_amount as in_mart
from ledger
full join mart using (ledger_code, client_id, source, currency_code)
where (ledger.open_amount, ledger.gross_amount) is distinct from (mart.open_amount, mart.gross_amount)
union all
select
    'payment', unallocated.client_id, item_source, item_id, payments.payment_amount - coalesce(payments.allocated_amount, 0),
    unallocated_amount
from unallocated
left join payments
    on payments.client_id = unallocated.client_id and payments._source = item_source and payments.payment_id = item_id
where abs(payments.payment_amount - coalesce(payments.allocated_amount, 0)) is distinct from unallocated_amount
