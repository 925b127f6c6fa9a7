-- Every line of a client's books is in one period of its entity.
with movements as (
    select client_id, sum(lines) as lines
    from {{ whole(ref('fct_gl_movements')) }} as whole
    group by client_id
),

periods as (
    select client_id, sum(lines) as lines
    from {{ whole(ref('dim_gl_periods')) }} as whole
    group by client_id
)

select client_id, movements.lines, periods.lines as lines_in_periods
from movements
full join periods using (client_id)
where coalesce(periods.lines, 0) <> coalesce(movements.lines, 0)
