select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    purchase_order_id,
    supplier_id,
    ordered_date,
    promised_date,
    incoterm_code,
    order_status_code,
    order_net_amount,
    tax_amount,
    freight_amount,
    currency_code,
    {{ address() }}
from {{ source('core', 'shipments_purchase_orders') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('shipments_purchase_orders') }}
