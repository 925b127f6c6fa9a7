-- What became of each customer, column by column: a version that follows another is compared with it. Versions follow each
-- other where one ends at the moment at which the next begins.
with since as (
    select
        client.client_id,
        (client.as_of_date - {{ days_of_changes() }})::timestamp at time zone coalesce(client.time_zone, 'UTC') as since_at
    from {{ ref('stg_ops__clients') }} as client
),

versions as (
    select
        version.*,
        version._source as source,
        {{ ended_so_far() }} as ended_at,
        coalesce(since.since_at, '-infinity') as since_at
    from (select * from {{ source('core', 'clients_customers') }} where {{ of_changed_clients('clients_customers') }}) as version
    left join since on since.client_id = version.client_id
    where {{ known_so_far() }}
),

memberships as (
    select
        version.*,
        {{ ended_so_far() }} as ended_at,
        coalesce(since.since_at, '-infinity') as since_at
    from (select * from {{ source('core', 'clients_golden_members') }} where {{ of_changed_clients('clients_golden_members') }}) as version
    left join since on since.client_id = version.client_id
    where {{ known_so_far() }}
),

pairs as (
    select
        later.client_id,
        later.source,
        later.customer_id,
        later._known_from as happened_at,
        later._delivery_id as delivery_id,
        later._row_number as row_number,
        later._row_part as row_part,
        {% for column in golden_columns() -%}
        former.{{ column }} as former_{{ column }},
        later.{{ column }} as later_{{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from versions as later
    join versions as former
        on former.client_id = later.client_id and former.source = later.source and former._period = later._period
        and former.customer_id = later.customer_id and former.ended_at = later._known_from
    where later._known_from >= later.since_at
),

events as (
    {% for column in golden_columns() -%}
    select
        client_id, source, customer_id, happened_at, 'changed' as change_code, '{{ column }}' as column_name,
        {{ shown_to_analysts(column, 'former_' ~ column) }} as old_value,
        {{ shown_to_analysts(column, 'later_' ~ column) }} as new_value,
        delivery_id, row_number, row_part
    from pairs
    where former_{{ column }} is distinct from later_{{ column }}
    union all
    {% endfor -%}
    select
        later.client_id, later.source, later.customer_id, later._known_from, 'new', 'customer_id',
        null, later.customer_id, later._delivery_id, later._row_number, later._row_part
    from versions as later
    where
        later._known_from >= later.since_at
        and not exists (
            select
            from versions as former
            where
                former.client_id = later.client_id and former.source = later.source and former._period = later._period
                and former.customer_id = later.customer_id and former.ended_at = later._known_from
        )
    union all
    select
        former.client_id, former.source, former.customer_id, former.ended_at, 'left', 'customer_id',
        former.customer_id, null, former._delivery_id, former._row_number, former._row_part
    from versions as former
    where
        former.ended_at >= former.since_at
        and not exists (
            select
            from versions as later
            where
                later.client_id = former.client_id and later.source = former.source and later._period = former._period
                and later.customer_id = former.customer_id and later._known_from = former.ended_at
        )
    union all
    -- An id that others had just before is one that was joined; one that nobody had comes of a split.
    select
        later.client_id, later.source, later.customer_id, later._known_from,
        case
            when former.golden_id is null
                or exists (
                    select
                    from memberships as other
                    where
                        other.client_id = later.client_id and other.golden_id = later.golden_id
                        and other._known_from < later._known_from
                        and (other.ended_at is null or other.ended_at >= later._known_from)
                )
                then 'merged'
            else 'split'
        end,
        'golden_id', former.golden_id, later.golden_id, null, null, null
    from memberships as later
    left join memberships as former
        on former.client_id = later.client_id and former.source = later.source
        and former.customer_id = later.customer_id and former.ended_at = later._known_from
    where
        later._known_from >= later.since_at
        and case when former.golden_id is null then later.linked_by <> 'alone' else former.golden_id <> later.golden_id end
),

golden as (
    select distinct on (client_id, source, customer_id) client_id, source, customer_id, golden_id
    from memberships
    order by client_id, source, customer_id, _known_from desc
)

select
    event.client_id,
    coalesce(golden.golden_id, {{ not_matched_yet('event.source', 'event.customer_id') }}) as golden_id,
    event.source,
    event.customer_id,
    event.happened_at,
    event.change_code,
    event.column_name,
    event.old_value,
    event.new_value,
    event.delivery_id,
    event.row_number,
    event.row_part,
    {{ cut_off() }} as known_at
from events as event
left join golden
    on golden.client_id = event.client_id and golden.source = event.source and golden.customer_id = event.customer_id
