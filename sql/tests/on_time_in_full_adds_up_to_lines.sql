-- Every line is in one month, and judged there as it is itself; in time and not are all that is judged.
with lines as (
    select
        client_id,
        count(*) as lines,
        count(*) filter (where is_on_time) as on_time_lines,
        count(*) filter (where not is_on_time) as not_on_time_lines,
        count(*) filter (where is_in_full) as in_full_lines,
        count(*) filter (where is_on_time_in_full) as on_time_in_full_lines
    from {{ whole(ref('fct_order_lines')) }} as whole
    group by client_id
),

months as (
    select
        client_id,
        sum(lines) as lines,
        sum(on_time_lines) as on_time_lines,
        sum(on_time_judged_lines - on_time_lines) as not_on_time_lines,
        sum(in_full_lines) as in_full_lines,
        sum(on_time_in_full_lines) as on_time_in_full_lines
    from {{ whole(ref('rpt_on_time_in_full')) }} as whole
    group by client_id
)

select client_id, lines.lines, months.lines as month_lines, lines.on_time_in_full_lines
from lines
full join months using (client_id)
where
    (lines.lines, lines.on_time_lines, lines.not_on_time_lines, lines.in_full_lines, lines.on_time_in_full_lines)
    is distinct from
    (months.lines, months.on_time_lines, months.not_on_time_lines, months.in_full_lines, months.on_time_in_full_lines)
