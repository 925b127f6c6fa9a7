-- A key that two periods name is shown as the later one has it.
select distinct on (client_id, _source, application_id)
    client_id,
    _source as source,
    nullif(_period, '') as period,
    application_id,
    requisition_id,
    candidate_id,
    position_name,
    department_id,
    department_name,
    opened_date,
    applied_date,
    source_code,
    stage_code,
    screened_date,
    interviewed_date,
    offered_date,
    hired_date,
    closed_date,
    openings_quantity,
    {{ address() }}
from {{ source('core', 'people_applications') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('people_applications') }}
order by client_id, _source, application_id, _period desc
