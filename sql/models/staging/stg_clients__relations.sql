-- A key that two periods name is shown as the later one has it.
select distinct on (client_id, _source, customer_id, relation_code, related_customer_id)
    client_id,
    _source as source,
    nullif(_period, '') as period,
    customer_id,
    relation_code,
    related_customer_id,
    share_pct,
    valid_from_date,
    valid_to_date,
    share_pct_absent_code,
    valid_from_date_absent_code,
    {{ address() }}
from {{ source('core', 'clients_relations') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('clients_relations') }}
order by client_id, _source, customer_id, relation_code, related_customer_id, _period desc
