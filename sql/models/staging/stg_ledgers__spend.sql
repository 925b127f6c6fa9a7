select
    client_id,
    _source as source,
    spend_line_id,
    supplier_id,
    supplier_name,
    account_code,
    account_name,
    document_id,
    document_date,
    spend_amount,
    currency_code,
    {{ address() }}
from {{ source('core', 'ledgers_spend') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('ledgers_spend') }}
