select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    bank_account_id,
    statement_id,
    line_id,
    entity_code,
    statement_number,
    statement_date,
    opening_amount,
    closing_amount,
    booking_date,
    value_date,
    transaction_amount,
    currency_code,
    transaction_code,
    bank_reference,
    end_to_end_id,
    counterparty_name,
    remittance_text,
    account_id,
    details_amount,
    charges_amount,
    is_reversal,
    mandate_id,
    structured_reference,
    purpose_code,
    told_by_code,
    {{ address() }}
from {{ source('core', 'ledgers_bank_transactions') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('ledgers_bank_transactions') }}
