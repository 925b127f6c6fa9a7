-- A period of this feed is the ledger as it stood at the period's end: only the newest one says what is open.
with newest as (
    select client_id, _source, max(_period) as _period
    from {{ source('core', 'ledgers_receivables') }}
    where
        {{ known_at_cut_off() }}
        and {{ of_changed_clients('ledgers_receivables') }}
    group by client_id, _source
)

select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    customer_id,
    invoice_id,
    entity_code,
    document_type_code,
    customer_name,
    invoice_date,
    posting_date,
    due_date,
    settled_date,
    net_amount,
    tax_amount,
    gross_amount,
    open_amount,
    currency_code,
    local_open_amount,
    local_currency,
    status_code,
    tax_code,
    discount_amount,
    discount_date,
    purchase_order_id,
    control_account_id,
    journal_id,
    corrects_invoice_id,
    {{ address() }}
from {{ source('core', 'ledgers_receivables') }}
join newest using (client_id, _source, _period)
where {{ known_at_cut_off() }}
