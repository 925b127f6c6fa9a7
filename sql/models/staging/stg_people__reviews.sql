-- A key that two periods name is shown as the later one has it.
select distinct on (client_id, _source, review_id)
    client_id,
    _source as source,
    nullif(_period, '') as period,
    review_id,
    employee_id,
    cycle_id,
    review_date,
    rating_code,
    rating_value,
    rating_scale_max,
    reviewer_id,
    status_code,
    {{ address() }}
from {{ source('core', 'people_reviews') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('people_reviews') }}
order by client_id, _source, review_id, _period desc
