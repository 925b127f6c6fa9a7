-- One row per partner of a client; where two of its sources know the partner, the first by name of the source holds.
select distinct on (client_id, partner_id) client_id, partner_id, partner_name, group_entity_code
from {{ ref('stg_ledgers__partners') }}
order by client_id, partner_id, source
