select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    carrier_id,
    invoice_id,
    line_id,
    invoice_date,
    shipment_id,
    lane_id,
    transport_mode_code,
    shipped_date,
    charge_code,
    charged_weight_kg,
    charged_amount,
    currency_code,
    {{ address() }}
from {{ source('core', 'shipments_freight_invoices') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('shipments_freight_invoices') }}
