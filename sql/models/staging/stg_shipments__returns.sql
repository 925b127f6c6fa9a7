select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    return_id,
    line_id,
    order_id,
    order_line_id,
    customer_id,
    product_id,
    returned_date,
    returned_quantity,
    unit_code,
    reason_code,
    disposition_code,
    refund_amount,
    currency_code,
    {{ address() }}
from {{ source('core', 'shipments_returns') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('shipments_returns') }}
