-- Who came less who left since the report begins is how many more customers core has now than it had then.
with since as (
    select
        client_id,
        (as_of_date - {{ days_of_changes() }})::timestamp at time zone coalesce(time_zone, 'UTC') as since_at
    from {{ ref('stg_ops__clients') }}
),

core as (
    select
        version.client_id,
        count(*) filter (where version._known_to is null or version._known_to > {{ cut_off() }})
        - count(*) filter (
            where version._known_from < since.since_at and (version._known_to is null or version._known_to >= since.since_at)
        ) as more
    from {{ source('core', 'clients_customers') }} as version
    left join since on since.client_id = version.client_id
    where {{ known_so_far() }}
    group by version.client_id
),

mart as (
    select
        client_id,
        count(*) filter (where change_code = 'new') - count(*) filter (where change_code = 'left') as more
    from {{ whole(ref('rpt_customer_changes')) }} as whole
    group by client_id
)

select client_id, core.more, mart.more as in_mart
from core
full join mart using (client_id)
where coalesce(core.more, 0) <> coalesce(mart.more, 0)
