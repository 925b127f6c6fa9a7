-- One row per company of a client; where two of its sources know the company, the first by name of the source holds.
select distinct on (client_id, entity_code)
    client_id,
    entity_code,
    entity_name,
    country_code,
    local_currency,
    group_currency,
    parent_entity_code,
    ownership_pct,
    retained_earnings_account_id
from {{ ref('stg_ledgers__entities') }}
order by client_id, entity_code, source
