{# One row per combination of the columns; nulls count as equal, so that a missing part cannot hide a repetition. #}
{% test unique_grain(model, columns) %}
select {{ columns | join(', ') }}, count(*) as rows
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
