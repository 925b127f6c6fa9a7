{# Fiscal year of a day when years start in a month, 1 to 12: named by the year in which it ends. April 2025 to March 2026
   is 2026. #}
{% macro fiscal_year_of(day, start_month) -%}
    (extract(year from {{ day }})::integer
        + case when {{ start_month }} > 1 and extract(month from {{ day }}) >= {{ start_month }} then 1 else 0 end)
{%- endmacro %}

{# Place of a day's month in such a year, from 1. Of a year that starts in April, March is 12. #}
{% macro fiscal_month_of(day, start_month) -%}
    ((extract(month from {{ day }})::integer - {{ start_month }} + 12) % 12 + 1)
{%- endmacro %}
