with steps as (
    select delivery_id, attempt, sum(extract(epoch from ended_at - started_at)) as seconds
    from {{ source('ops', 'step_run') }}
    group by delivery_id, attempt
),

rules as (
    select distinct on (delivery_id) delivery_id, rule_id, rows
    from {{ ref('dq_reject_rule') }}
    order by delivery_id, severity = 'critical' desc, rows desc, rule_id
)

select
    delivery.client_id,
    delivery.delivery_id,
    delivery.feed,
    delivery.source,
    delivery.period,
    delivery.kind,
    delivery.file_name,
    delivery.received_at,
    delivery.state,
    delivery.verdict,
    delivery.attempt,
    delivery.rows_received,
    delivery.rows_loaded,
    delivery.rows_unchanged,
    delivery.rows_rejected,
    delivery.rows_skipped,
    delivery.rows_held,
    delivery.rows_closed,
    coalesce(delivery.published_at <= {{ cut_off() }}, false) as is_in_marts,
    round(100.0 * delivery.rows_rejected / nullif(delivery.rows_received, 0), 2) as rejected_pct,
    rules.rule_id as top_rule_id,
    rules.rows as top_rule_rows,
    round(steps.seconds, 1) as seconds,
    delivery.message,
    {{ cut_off() }} as known_at
from {{ source('ops', 'delivery') }} as delivery
left join steps on steps.delivery_id = delivery.delivery_id and steps.attempt = delivery.attempt
left join rules on rules.delivery_id = delivery.delivery_id
