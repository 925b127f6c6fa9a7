-- Of a customer that has left or is no longer current no pair is shown.
select
    pair.client_id,
    pair.left_source,
    pair.left_customer_id,
    pair.right_source,
    pair.right_customer_id,
    left_record.golden_id as left_golden_id,
    right_record.golden_id as right_golden_id,
    pair.verdict as verdict_code,
    pair.decided_by as decided_by_code,
    round(100 * pair.probability::numeric, 2)::numeric(5, 2) as probability_pct,
    (
        select string_agg(
            replace(reason.said ->> 'what', '_', ' ') || ' ' || replace(reason.said ->> 'how', '_', ' ')
            || coalesce(' (' || to_char((reason.said ->> 'weight')::numeric, 'FMSG990.0') || ')', ''),
            ', ' order by reason.place)
        from jsonb_array_elements(pair.reasons) with ordinality as reason (said, place)
    ) as reasons,
    pair.found_at,
    case
        when pair.verdict = 'review'
            then {{ today() }} - (pair.found_at at time zone coalesce(client.time_zone, 'UTC'))::date
    end as days_waiting,
    {{ cut_off() }} as known_at
from {{ ref('stg_clients__matches') }} as pair
join {{ ref('int_customer_records') }} as left_record
    on left_record.client_id = pair.client_id and left_record.source = pair.left_source
    and left_record.customer_id = pair.left_customer_id
join {{ ref('int_customer_records') }} as right_record
    on right_record.client_id = pair.client_id and right_record.source = pair.right_source
    and right_record.customer_id = pair.right_customer_id
left join {{ ref('stg_ops__clients') }} as client on client.client_id = pair.client_id
