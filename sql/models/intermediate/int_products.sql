-- A product that two sources or two periods name stands once: as the newest of them says.
select distinct on (client_id, product_id)
    client_id,
    product_id,
    product_name,
    product_group_name,
    coalesce(base_unit_code, 'C62') as base_unit_code,
    pack_unit_code,
    units_per_pack,
    net_weight_kg,
    volume_m3,
    standard_cost_amount,
    currency_code,
    supplier_id,
    reorder_quantity,
    lead_time_days,
    coalesce(may_be_negative, false) as may_be_negative,
    coalesce(is_active, true) as is_active
from {{ ref('stg_shipments__products') }}
order by client_id, product_id, period desc nulls last, source
