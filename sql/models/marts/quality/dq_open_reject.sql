with open_rejects as (
    select
        delivery.client_id,
        reject.delivery_id,
        delivery.feed,
        delivery.source,
        delivery.period,
        reject.rule_id,
        reject.cause_code,
        reject.owner,
        count(distinct (reject.row_number, reject.row_part)) as rows,
        min(reject.row_number) as first_row_number,
        min(reject.opened_at) as opened_at
    from {{ source('quarantine', 'reject') }} as reject
    join {{ source('ops', 'delivery') }} as delivery using (delivery_id)
    where reject.state = 'open'
    group by
        delivery.client_id, reject.delivery_id, delivery.feed, delivery.source, delivery.period, reject.rule_id,
        reject.cause_code, reject.owner
),

aged as (
    select
        *,
        greatest(floor(extract(epoch from {{ cut_off() }} - opened_at) / 86400), 0)::integer as age_days
    from open_rejects
)

select
    client_id,
    delivery_id,
    feed,
    source,
    period,
    rule_id,
    cause_code,
    owner,
    rows,
    first_row_number,
    opened_at,
    age_days,
    case when age_days <= 7 then 'up to 7 days' when age_days <= 30 then '8 to 30 days' else 'over 30 days' end as age_band,
    {{ cut_off() }} as known_at
from aged
