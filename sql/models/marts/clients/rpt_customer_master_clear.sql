select
    client_id,
    golden_id,
    members,
    sources,
    {% for column in golden_columns() -%}
    {{ column }},
    {% endfor -%}
    changed_at,
    origins,
    {{ cut_off() }} as known_at
from {{ ref('int_customer_golden') }}
