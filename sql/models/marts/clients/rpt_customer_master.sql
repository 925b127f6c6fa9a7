select
    client_id,
    golden_id,
    members,
    sources,
    {% for column in golden_columns() if column != 'annual_sales_amount' -%}
    {% if column in confidential_customer_columns() + hidden_customer_columns() -%}
    {{ shown_to_analysts(column, column) }} as {{ column }}_masked,
    {% else -%}
    {{ column }},
    {% endif -%}
    {% endfor -%}
    changed_at,
    given_columns,
    told_columns,
    origins,
    delivery_id,
    row_number,
    row_part,
    {{ cut_off() }} as known_at
from {{ ref('int_customer_golden') }}
