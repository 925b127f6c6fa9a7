select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    ledger_code,
    partner_id,
    invoice_id,
    tax_category_code,
    tax_rate_pct,
    taxable_amount,
    tax_amount,
    currency_code,
    exemption_reason,
    exemption_code,
    entity_code,
    invoice_date,
    message_faults,
    {{ address() }}
from {{ source('core', 'ledgers_invoice_taxes') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('ledgers_invoice_taxes') }}
