select
    client_id,
    _source as source,
    shipment_line_id,
    project_code,
    order_id,
    asn_id,
    destination_country_code,
    fulfilment_code,
    incoterm_code,
    transport_mode_code,
    promised_date,
    delivered_date,
    product_group_code,
    product_class_name,
    supplier_name,
    item_name,
    line_quantity,
    line_amount,
    currency_code,
    weight_quantity,
    weight_quantity_absent_code,
    freight_amount,
    freight_amount_absent_code,
    {{ address() }}
from {{ source('core', 'shipments_shipments') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('shipments_shipments') }}
