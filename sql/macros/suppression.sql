{# Groups of people too small to be shown. A figure of fewer than five is one that a colleague can work out. #}
{% macro fewest_people() %}
    {{ return(5) }}
{% endmacro %}

{# Of a relation of groups with `people` and `is_hidden`: the smallest shown group of each total is hidden, too, where the
   total less what is shown would give the hidden ones away, which is where they are one group or fewer than five people.
   The `key` names a group within its total. #}
{% macro hide_one_more(relation, total, key) -%}
    select
        *,
        is_hidden or (
            hidden_groups > 0 and (hidden_groups = 1 or hidden_people < {{ fewest_people() }})
            and row_number() over (
                partition by {{ total | join(', ') }} order by is_hidden, people, {{ key | join(', ') }}
            ) = 1
        ) as is_hidden_too
    from (
        select
            *,
            count(*) filter (where is_hidden) over whole as hidden_groups,
            sum(people) filter (where is_hidden) over whole as hidden_people
        from {{ relation }}
        window whole as (partition by {{ total | join(', ') }})
    ) as judged
{%- endmacro %}
