-- A period of this feed is the ledger as it stood at the period's end: only the newest one says what is open.
with newest as (
    select client_id, _source, max(_period) as _period
    from {{ source('core', 'ledgers_payables') }}
    where
        {{ known_at_cut_off() }}
        and {{ of_changed_clients('ledgers_payables') }}
    group by client_id, _source
)

select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    supplier_id,
    invoice_id,
    supplier_name,
    invoice_date,
    due_date,
    settled_date,
    net_amount,
    tax_amount,
    gross_amount,
    open_amount,
    currency_code,
    status_code,
    purchase_order_id,
    entity_code,
    document_type_code,
    posting_date,
    local_open_amount,
    local_currency,
    tax_code,
    discount_amount,
    discount_date,
    control_account_id,
    journal_id,
    corrects_invoice_id,
    {{ address() }}
from {{ source('core', 'ledgers_payables') }}
join newest using (client_id, _source, _period)
where {{ known_at_cut_off() }}
