-- A key that two periods name is shown as the later one has it.
select distinct on (client_id, _source, absence_id)
    client_id,
    _source as source,
    nullif(_period, '') as period,
    absence_id,
    employee_id,
    absence_kind_code,
    start_date,
    end_date,
    absence_days,
    absence_hours,
    is_paid,
    has_certificate,
    absence_status_code,
    {{ address() }}
from {{ source('core', 'people_absences') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('people_absences') }}
order by client_id, _source, absence_id, _period desc
