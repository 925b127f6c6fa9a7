-- A line that is both is each of the two, and one that is due has arrived, is overdue, or is not judged.
select *
from {{ ref('rpt_on_time_in_full') }}
where
    on_time_in_full_lines > least(on_time_lines, in_full_lines)
    or on_time_lines + not_on_time_lines <> on_time_judged_lines
    or greatest(on_time_judged_lines, in_full_judged_lines) + cancelled_lines + open_lines > lines
