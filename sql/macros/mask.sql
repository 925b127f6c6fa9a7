{# Confidential text: the first character and the length, up to twelve, stay. 'Miller' → 'M*****'.
   The same form as in reject messages. Numbers and dates have no such form: leave them out of a mart. #}
{% macro masked(column) -%}
    left({{ column }}, 1) || repeat('*', least(length({{ column }}) - 1, 11))
{%- endmacro %}

{# Restricted value of any type: only whether there is one. A code or a year gives itself away by one character. #}
{% macro hidden(column) -%}
    case when {{ column }} is not null then '****' end
{%- endmacro %}
