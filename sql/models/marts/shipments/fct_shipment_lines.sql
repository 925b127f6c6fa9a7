-- A line not delivered is neither on time nor late here: that depends on the day one asks, see rpt_shipment_on_time. Nor is
-- ever one that nothing was promised for.
{{ config(indexes=[{'columns': ['client_id', 'counted_month']}]) }}

select
    client_id,
    source,
    shipment_line_id,
    order_id,
    asn_id,
    destination_country_code,
    coalesce(transport_mode_code, 'not_stated') as transport_mode_code,
    fulfilment_code,
    incoterm_code,
    supplier_name,
    item_name,
    product_group_code,
    line_quantity,
    line_amount,
    currency_code,
    promised_date,
    delivered_date,
    date_trunc('month', counted_date)::date as counted_month,
    case when delivered_date is not null and promised_date is not null
        then greatest(delivered_date - promised_date, 0) end as days_late,
    delivered_date <= promised_date as is_on_time,
    delivery_id,
    row_number,
    row_part,
    {{ cut_off() }} as known_at
from {{ of_changed_months(ref('stg_shipments__shipments'), 'counted_date') }} as line
