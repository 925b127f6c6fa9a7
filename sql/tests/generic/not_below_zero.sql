{# Counts and shares are zero or more. #}
{% test not_below_zero(model, column_name) %}
select * from {{ model }} where {{ column_name }} < 0
{% endtest %}
