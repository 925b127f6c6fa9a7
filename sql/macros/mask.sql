{# Confidential text: the first character and the length, up to twelve, stay. 'Miller' → 'M*****'.
   The same form as in reject messages. Numbers and dates have no such form: leave them out of a mart. #}
{% macro masked(column) -%}
    left({{ column }}, 1) || repeat('*', least(length({{ column }}) - 1, 11))
{%- endmacro %}

{# Restricted value of any type: only whether there is one. A code or a year gives itself away by one character. #}
{% macro hidden(column) -%}
    case when {{ column }} is not null then '****' end
{%- endmacro %}

{# A value by which its rows still join, and nobody is known: HMAC-SHA256 with a key of the client. The same value has
   the same pseudonym in all marts of a client, and another one at any other client. Whoever is pseudonymised must stand in
   a model's own rows: the macro says client_id bare. The clients of unit tests have no key, so these override it:
   `overrides: {macros: {pseudonym: employee_id}}`. #}
{% macro pseudonym(column) -%}
    ops.pseudonym(client_id, {{ column }})
{%- endmacro %}
