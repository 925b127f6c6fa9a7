{{ config(indexes=[{'columns': ['client_id', 'posting_month']}]) }}

select
    client_id,
    entity_code,
    period_code,
    posting_month,
    entered_date,
    count(*) as lines,
    {{ cut_off() }} as known_at
from {{ ref('fct_gl_lines') }}
group by client_id, entity_code, period_code, posting_month, entered_date
