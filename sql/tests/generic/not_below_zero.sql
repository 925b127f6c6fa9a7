{# Counts and shares are zero or more. #}
{% test not_below_zero(model, columns) %}
select * from {{ model }} where least({{ columns | join(', ') }}) < 0
{% endtest %}
