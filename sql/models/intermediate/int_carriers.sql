select distinct on (client_id, carrier_id) client_id, carrier_id, carrier_name
from {{ ref('stg_shipments__carriers') }}
order by client_id, carrier_id, period desc nulls last, source
