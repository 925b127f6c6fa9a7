select
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
