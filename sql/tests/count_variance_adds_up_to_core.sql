-- Counted positions are those in core, each exact, over or short.
with core as (
    select client_id, _source as source, count_id, count(distinct line_id) as lines
    from {{ source('core', 'shipments_stock_counts') }}
    where {{ known_at_cut_off() }}
    group by client_id, _source, count_id
),

mart as (
    select
        client_id, source, count_id, sum(lines) as lines,
        bool_and(lines = exact_lines + over_lines + short_lines and difference_quantity = counted_quantity - book_quantity)
            as adds_up
    from {{ whole(ref('rpt_stock_count_variance')) }} as whole
    group by client_id, source, count_id
)

select client_id, source, count_id, core.lines, mart.lines as in_mart
from core
full join mart using (client_id, source, count_id)
where core.lines is distinct from mart.lines or adds_up is not true
