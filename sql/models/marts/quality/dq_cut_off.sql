select
    client_id,
    client_name,
    time_zone,
    as_of_date,
    {{ cut_off() }} as known_at
from {{ ref('stg_ops__clients') }}
