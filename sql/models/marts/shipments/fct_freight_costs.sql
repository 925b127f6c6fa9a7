-- What the freight of a shipment cost, as each origin tells it; the origins speak of the same money and are never added up.
with charges as (
    select
        *,
        coalesce(shipped_date, shipment_shipped_date, invoice_date) as freight_date,
        coalesce(lane_id, shipment_lane_id) as told_lane_id,
        coalesce(transport_mode_code, shipment_mode_code) as told_mode_code,
        case when shipment_id is null then invoice_id end as lone_invoice_id
    from {{ ref('int_freight_invoices') }}
),

-- Charges that name no shipment: those of an invoice together, by lane, means and day.
invoiced as (
    select
        client_id, source, carrier_id, shipment_id, lone_invoice_id as invoice_id, currency_code,
        min(told_lane_id) as lane_id, min(told_mode_code) as transport_mode_code, min(freight_date) as freight_date,
        coalesce(
            max(shipment_weight_kg),
            sum(charged_weight_kg * sign(charged_amount)) filter (where charge_code = 'freight')) as weight_kg,
        coalesce(sum(charged_amount) filter (where charge_code = 'freight'), 0) as freight_amount,
        coalesce(sum(charged_amount) filter (where charge_code <> 'freight'), 0) as surcharge_amount,
        count(*) as charges
    from charges
    group by
        client_id, source, carrier_id, shipment_id, lone_invoice_id, currency_code,
        case when shipment_id is null then row(told_lane_id, told_mode_code, freight_date) end
),

stated as (
    select
        client_id, source, coalesce(shipment_id, asn_id, shipment_line_id) as shipment_id, currency_code,
        sum(freight_amount) as freight_amount, count(freight_amount) as charges
    from {{ newest(ref('stg_shipments__shipments'), ['client_id', 'source', 'shipment_line_id']) }} as line
    where freight_amount is not null
    group by client_id, source, 3, currency_code
),

told as (
    select
        client_id, 'invoice' as origin_code, source, carrier_id, shipment_id, invoice_id, lane_id, transport_mode_code, freight_date,
        weight_kg, freight_amount, surcharge_amount, charges, currency_code
    from invoiced
    union all
    select
        client_id, 'shipment', source, shipment.carrier_id, shipment_id, null, shipment.lane_id, shipment.transport_mode_code,
        coalesce(shipment.shipped_date, shipment.delivered_date, shipment.promised_date, shipment.counted_date), shipment.weight_kg,
        freight_amount, 0, charges, currency_code
    from stated
    join {{ ref('int_freight_shipments') }} as shipment using (client_id, source, shipment_id)
    where shipment.origin_code = 'shipment'
    union all
    select
        client_id, 'order', source, carrier_id, order_id, null, '?-' || ship_to_country_code, transport_mode_code,
        coalesce(shipped_date, ordered_date), null, freight_amount, 0, 1, currency_code
    from {{ newest(ref('stg_shipments__orders'), ['client_id', 'source', 'order_id']) }} as sales_order
    where freight_amount is not null
)

select
    client_id,
    origin_code,
    source,
    carrier_id,
    carrier_name,
    shipment_id,
    invoice_id,
    coalesce(lane_id, 'not_stated') as lane_id,
    coalesce(transport_mode_code, 'not_stated') as transport_mode_code,
    freight_date,
    date_trunc('month', freight_date)::date as month_date,
    case when weight_kg > 0 then weight_kg end::numeric(20, 4) as weight_kg,
    freight_amount::numeric(24, 2) as freight_amount,
    surcharge_amount::numeric(24, 2) as surcharge_amount,
    (freight_amount + surcharge_amount)::numeric(24, 2) as total_amount,
    case when weight_kg > 0 then round((freight_amount + surcharge_amount) / weight_kg, 4) end::numeric(20, 4) as amount_per_kg,
    charges,
    currency_code,
    {{ cut_off() }} as known_at
from told
left join {{ ref('int_carriers') }} using (client_id, carrier_id)
