-- Every deadline that has passed and was looked for is in the report, once.
with noted as (
    select client_id, feed, source, count(*) as deadlines
    from {{ source('ops', 'expected_delivery') }}
    where due_at <= {{ cut_off() }} and (state <> 'expected' or looked_at <= {{ cut_off() }})
    group by client_id, feed, source
),

shown as (
    select client_id, feed, source, sum(due_deliveries) as deadlines
    from {{ ref('rpt_feed_timeliness') }}
    group by client_id, feed, source
)

select client_id, feed, source, noted.deadlines, shown.deadlines as deadlines_shown
from noted
full join shown using (client_id, feed, source)
where noted.deadlines is distinct from shown.deadlines
