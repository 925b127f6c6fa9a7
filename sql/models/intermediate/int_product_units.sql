select distinct on (client_id, product_id, unit_code) client_id, product_id, unit_code, base_units
from {{ ref('stg_shipments__product_units') }}
order by client_id, product_id, unit_code, period desc nulls last, source
