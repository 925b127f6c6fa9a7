-- The golden record: each part from the member that the client's rule of survivorship names, never an empty one where
-- another member has it. Within a rule and after it the most recently changed decides, then trust, then the keys.
with members as (
    select * from {{ ref('int_customer_records') }} where members > 1
),

{% for part, of in golden_parts().items() -%}
survivors_{{ part }} as (
    select distinct on (member.client_id, member.golden_id)
        member.client_id, member.golden_id, '{{ part }}' as part, member.place, member.source, member.customer_id
    from members as member
    left join {{ ref('stg_ops__clients') }} as client on client.client_id = member.client_id
    where {% for column in of.columns -%}
        {{ 'or ' if loop.index > 1 else '(' }}member.{{ column }} is not null
    {% endfor %})
    order by
        member.client_id,
        member.golden_id,
        {% if of.given -%}
        ({{ of.given }}) desc nulls last,
        {% endif -%}
        case coalesce(
            {%- for column in of.columns %} client.survivorship ->> '{{ column }}',{% endfor %}
            client.survivorship ->> 'default', 'most_recent')
            when 'most_trusted' then member.trust_place
            when 'most_complete' then - member.given_columns
            when 'most_frequent' then - count(*) over (
                partition by member.client_id, member.golden_id
                {%- for column in of.columns %}, member.{{ column }}{% endfor %})
        end,
        member.place
),

{% endfor -%}
survivors as (
    {% for part in golden_parts() -%}
    select * from survivors_{{ part }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

picked as (
    select
        client_id,
        golden_id,
        {% for part in golden_parts() -%}
        max(place) filter (where part = '{{ part }}') as {{ part }}_place,
        {% endfor -%}
        jsonb_object_agg(part, source || '/' || customer_id)::text as origins
    from survivors
    group by client_id, golden_id
),

merged as (
    select
        member.client_id,
        member.golden_id,
        max(member.members) as members,
        string_agg(distinct member.source, ', ') as sources,
        {% for part, of in golden_parts().items() -%}
        {% for column in of.columns -%}
        {{ 'bool_or' if column == 'is_active' else 'max' }}(member.{{ column }})
            filter (where member.place = picked.{{ part }}_place) as {{ column }},
        {% endfor -%}
        {% endfor -%}
        max(member.changed_at) as changed_at,
        min(picked.origins) as origins,
        max(member.delivery_id) filter (where member.place = 1) as delivery_id,
        max(member.row_number) filter (where member.place = 1) as row_number,
        max(member.row_part) filter (where member.place = 1) as row_part
    from members as member
    join picked on picked.client_id = member.client_id and picked.golden_id = member.golden_id
    group by member.client_id, member.golden_id
),

golden as (
    select * from merged
    union all
    select
        client_id,
        golden_id,
        members,
        source,
        {% for column in golden_columns() -%}
        {{ column }},
        {% endfor -%}
        changed_at,
        jsonb_build_object('all', source || '/' || customer_id)::text,
        delivery_id,
        row_number,
        row_part
    from {{ ref('int_customer_records') }}
    where members = 1
),

-- What the client tells of anybody of the kind: a column nobody has is no gap of this one.
told as (
    select
        client_id,
        customer_type_code,
        {% for column in golden_columns() if column != 'customer_type_code' -%}
        (count({{ column }}) > 0)::integer{{ ' + ' if not loop.last else ' + 1 as told_columns' }}
        {% endfor %}
    from golden
    group by client_id, customer_type_code
)

select
    golden.*,
    {% for column in golden_columns() -%}
    (golden.{{ column }} is not null)::integer{{ ' + ' if not loop.last else ' as given_columns,' }}
    {% endfor -%}
    told.told_columns
from golden
left join told
    on told.client_id = golden.client_id and told.customer_type_code is not distinct from golden.customer_type_code
