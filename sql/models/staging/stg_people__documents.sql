-- A key that two periods name is shown as the later one has it.
select distinct on (client_id, _source, document_id)
    client_id,
    _source as source,
    nullif(_period, '') as period,
    document_id,
    employee_id,
    kind_code,
    country_code,
    issued_date,
    valid_to_date,
    is_mandatory,
    {{ address() }}
from {{ source('core', 'people_documents') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('people_documents') }}
order by client_id, _source, document_id, _period desc
