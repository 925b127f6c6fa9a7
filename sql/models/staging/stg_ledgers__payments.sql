select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    payment_id,
    allocation_id,
    entity_code,
    direction_code,
    partner_id,
    payment_date,
    payment_amount,
    allocated_amount,
    currency_code,
    discount_amount,
    exchange_difference_amount,
    local_currency,
    invoice_id,
    allocation_date,
    method_code,
    bank_account_id,
    bank_reference,
    journal_id,
    {{ address() }}
from {{ source('core', 'ledgers_payments') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('ledgers_payments') }}
