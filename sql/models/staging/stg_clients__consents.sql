-- A key that two periods name is shown as the later one has it.
select distinct on (client_id, _source, customer_id, purpose_code, channel_code, decided_at)
    client_id,
    _source as source,
    nullif(_period, '') as period,
    customer_id,
    purpose_code,
    channel_code,
    decided_at,
    is_granted,
    legal_basis_code,
    origin_name,
    evidence_id,
    valid_to_date,
    evidence_id_absent_code,
    {{ address() }}
from {{ source('core', 'clients_consents') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('clients_consents') }}
order by client_id, _source, customer_id, purpose_code, channel_code, decided_at, _period desc
