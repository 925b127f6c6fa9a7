{# A part of an error as acknowledgements have it, `0002 N1 at 7 element 4: 5 too long`: place, code, text. What has no code
   of a standard is all text. #}
{% macro error_part(error, part) -%}
{%- set said = "substring(" ~ error ~ " from position(': ' in " ~ error ~ ") + 2)" -%}
{%- if part == 'place' -%} nullif(split_part({{ error }}, ': ', 1), '')
{%- elif part == 'code' -%} substring({{ said }} from '^([0-9A-Z]{1,8})(?: |$)')
{%- else -%} nullif(regexp_replace({{ said }}, '^[0-9A-Z]{1,8}(?: |$)', ''), '')
{%- endif -%}
{%- endmacro %}
