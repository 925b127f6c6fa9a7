{# One row per combination of the columns; nulls count as equal, so that a missing part cannot hide a repetition. Columns of
   `never_null` are filled in every row: asked for in the same query, as a query of its own costs more than its rows. The
   failing rows name the clients that share a combination, also where it has no client; `client`: how a model tells it that
   has no client_id. #}
{% test unique_grain(model, columns, never_null=[], client='client_id') %}
select
    {% if 'client_id' not in columns -%} unnest(array_agg(distinct {{ client }})) as client_id, {% endif -%}
    {{ columns | join(', ') }}, count(*) as rows
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1{% for column in never_null %} or count({{ column }}) < count(*){% endfor %}
{% endtest %}
