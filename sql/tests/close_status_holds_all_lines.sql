-- Every posted line counts in one period of its company.
with status as (
    select client_id, entity_code, sum(lines) as lines
    from {{ ref('rpt_close_status') }}
    group by client_id, entity_code
),

movements as (
    select client_id, entity_code, sum(lines) as lines
    from {{ ref('int_gl_movements') }}
    group by client_id, entity_code
)

select client_id, entity_code
from status
full join movements using (client_id, entity_code)
where coalesce(status.lines, 0) <> coalesce(movements.lines, 0)
