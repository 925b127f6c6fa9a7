{# One row per combination of the columns; nulls count as equal, so that a missing part cannot hide a repetition. Columns of
   `never_null` are filled in every row: asked for in the same query, as a query of its own costs more than its rows. #}
{% test unique_grain(model, columns, never_null=[]) %}
select {{ columns | join(', ') }}, count(*) as rows
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1{% for column in never_null %} or count({{ column }}) < count(*){% endfor %}
{% endtest %}
