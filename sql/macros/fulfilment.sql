{# What the marts of fulfilment share. #}

{# The unit in which `in_counted_units` counts a row of `with_base_units`: the base unit of a product in the list, joined as
   `product`, else the unit that the row names. Null: in pieces, or in whatever the client counts. #}
{% macro counted_unit(row) -%}
    case when {{ row }}.base_units is null then {{ row }}.unit_code else coalesce(product.base_unit_code, {{ row }}.unit_code) end
{%- endmacro %}

{# A quantity of a row of `with_base_units` in that unit. What nothing converts stays as it is: it can be compared with what
   is told in the same unit, and with nothing else. #}
{% macro in_counted_units(quantity, row) -%}
    {{ quantity }} * coalesce({{ row }}.base_units, 1)
{%- endmacro %}

{# What tells a line that was to be delivered from all others, as one value to join by. #}
{% macro order_line_key() -%}
    row(client_id, line_kind_code, source, order_id, line_id)
{%- endmacro %}

{# Days from one day to another, days off left out where the client counts business days: Friday to Monday is one. Below
   zero where the second comes first. Asks for the rows of `int_days_off` of both, left joined under the names given. #}
{% macro days_between(first, last, first_off, last_off) -%}
    (({{ last }} - {{ first }}) - coalesce({{ last_off }}.days_off - {{ first_off }}.days_off, 0))::integer
{%- endmacro %}

{# A quantity that is zero where it would be less, and null where it is not known: `greatest` would make that zero. #}
{% macro not_less_than_zero(quantity) -%}
    case when {{ quantity }} > 0 then {{ quantity }} when {{ quantity }} <= 0 then 0 end
{%- endmacro %}

{# Share of a count in another, in percent; null where there is nothing to judge. #}
{% macro share_pct(part, whole) -%}
    round(100.0 * ({{ part }}) / nullif({{ whole }}, 0), 2)::numeric(5, 2)
{%- endmacro %}
