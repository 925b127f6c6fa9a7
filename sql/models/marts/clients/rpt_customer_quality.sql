-- Completeness, validity, uniqueness and timeliness of each column: a count, of how many, and the share.
{% set feeds = judged_feeds() -%}
with
{% for feed, of in feeds.items() -%}
{% set name = feed.split('.')[1] -%}
counted_{{ name }} as (
    select
        row_of.client_id,
        {% for column, to_whom in of.columns.items() -%}
        count(*){% if to_whom %} filter (where {{ to_whom }}){% endif %} as asked_{{ column }},
        count(*) filter (
            where {{ to_whom or 'true' }} and (
                row_of.{{ column }} is not null
                {%- if column in left_out_columns()[feed] %} or row_of.{{ column }}_absent_code in {{ codes_of_wrong() }}
                {%- endif %})
        ) as given_{{ column }},
        count(row_of.{{ column }}) filter (where {{ of.changed }} is not null) as dated_{{ column }},
        count(row_of.{{ column }}) filter (
            where ({{ of.changed }} at time zone coalesce(client.time_zone, 'UTC'))::date >= {{ today() }} - {{ timely_days() }}
        ) as timely_{{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref(of.model) }} as row_of
    left join {{ ref('stg_ops__clients') }} as client on client.client_id = row_of.client_id
    group by row_of.client_id
),

{% endfor -%}
told as (
    {% for feed, of in feeds.items() -%}
    {% set name = feed.split('.')[1] -%}
    select counted.client_id, '{{ feed }}' as feed, judged.column_name, judged.measure_code, judged.numerator, judged.denominator
    from counted_{{ name }} as counted
    cross join lateral (
        values
        {% for column in of.columns -%}
        ('{{ column }}', 'completeness', counted.given_{{ column }}, counted.asked_{{ column }}),
        ('{{ column }}', 'timeliness', counted.timely_{{ column }}, counted.dated_{{ column }}){{ ',' if not loop.last }}
        {% endfor %}
    ) as judged (column_name, measure_code, numerator, denominator)
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- The newest delivery of each source that current rows come from. What the gate said of a delivery stands from the moment
-- it is published, so its client is among those that changed: no source of its own, which would make this mart one that is
-- always built whole.
newest as (
    select distinct feed, client_id, delivery_id
    from (
        {% for feed, of in feeds.items() -%}
        select '{{ feed }}' as feed, row_of.client_id, row_of.source, max(row_of.delivery_id) as delivery_id
        from {{ ref(of.model) }} as row_of
        join ops.delivery as delivery
            on delivery.delivery_id = row_of.delivery_id and delivery.kind <> 'correction'
        group by row_of.client_id, row_of.source
        {{ 'union all' if not loop.last }}
        {% endfor %}
    ) as of_source
),

received as (
    select newest.client_id, newest.feed, sum(delivery.rows_received)::bigint as received_rows
    from newest
    join ops.delivery as delivery on delivery.delivery_id = newest.delivery_id
    group by newest.client_id, newest.feed
),

-- A row with a wrong cell is a reject, or the cell is left out and a rule counts it: its column is the one of the codes that
-- say why there is no value, or it is one of the rules that leave out what can be read.
faulty as (
    select client_id, feed, column_name, sum(faulty_rows)::bigint as faulty_rows
    from (
        select
            newest.client_id,
            newest.feed,
            reject.column_name,
            count(distinct (reject.delivery_id, reject.row_number, reject.row_part)) as faulty_rows
        from newest
        join quarantine.reject as reject on reject.delivery_id = newest.delivery_id
        where reject.severity <> 'info'
        group by newest.client_id, newest.feed, reject.column_name
        union all
        select newest.client_id, newest.feed, replace(result.column_name, '_absent_code', ''), result.failed
        from newest
        join ops.delivery as delivery on delivery.delivery_id = newest.delivery_id
        join ops.rule_result as result
            on result.delivery_id = delivery.delivery_id and result.attempt = delivery.attempt
        where
            (
                result.column_name like '%!_absent!_code' escape '!'
                and result.rule_id = newest.feed || '.' || replace(result.column_name, '_absent_code', '') || '_is_valid'
            )
            or result.rule_id in ('{{ rules_that_leave_out() | join("', '") }}')
    ) as found
    group by client_id, feed, column_name
),

valid as (
    select
        received.client_id,
        received.feed,
        judged.column_name,
        'validity' as measure_code,
        greatest(received.received_rows - coalesce(faulty.faulty_rows, 0), 0) as numerator,
        received.received_rows as denominator
    from received
    join (
        values
        {% for feed, of in feeds.items() -%}
        {% set last_feed = loop.last -%}
        {% for column in of.columns -%}
        ('{{ feed }}', '{{ column }}'){{ ',' if not (last_feed and loop.last) }}
        {% endfor -%}
        {% endfor -%}
    ) as judged (feed, column_name) on judged.feed = received.feed
    left join faulty
        on faulty.client_id = received.client_id and faulty.feed = received.feed
        and faulty.column_name = judged.column_name
),

-- Of golden records: two records of one customer may well have the same number.
uniquely as (
    select
        client_id,
        'clients.customers' as feed,
        'customer_id' as column_name,
        'uniqueness' as measure_code,
        count(*) filter (where place = 1) as numerator,
        count(*) as denominator
    from {{ ref('int_customer_records') }}
    group by client_id
    {% for column in identifying_columns() -%}
    union all
    select
        client_id,
        'clients.customers',
        '{{ column }}',
        'uniqueness',
        coalesce(sum(customers) filter (where customers = 1), 0)::bigint,
        sum(customers)::bigint
    from (
        select client_id, count(distinct golden_id) as customers
        from {{ ref('int_customer_records') }}
        where {{ column }} is not null
        group by client_id, {{ column }}
    ) as shared_{{ column }}
    group by client_id
    {% endfor %}
)

select
    client_id,
    feed,
    column_name,
    measure_code,
    numerator,
    denominator,
    {{ share_pct('numerator', 'denominator') }} as share_pct,
    {{ cut_off() }} as known_at
from (
    select * from told
    union all
    select * from valid
    union all
    select * from uniquely
) as measured
