select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    ledger_code,
    partner_id,
    invoice_id,
    line_id,
    entity_code,
    invoice_date,
    description,
    line_quantity,
    unit_price_amount,
    net_amount,
    tax_code,
    tax_rate_pct,
    tax_amount,
    currency_code,
    invoice_net_amount,
    account_id,
    cost_center_id,
    product_id,
    purchase_order_id,
    purchase_order_line_id,
    unit_code,
    message_faults,
    {{ address() }}
from {{ source('core', 'ledgers_invoice_lines') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('ledgers_invoice_lines') }}
