{# The rows of a relation, each key once: where two periods name it, as the newest says. #}
{% macro newest(relation, key) -%}
(select distinct on ({{ key | join(', ') }}) * from {{ relation }} order by {{ key | join(', ') }}, period desc nulls last)
{%- endmacro %}

{# The lines of purchase orders that rows speak of: rows with client_id, source, purchase_order_id, purchase_order_line_id
   and product_id, each with the line's `line_source` and `line_id`, null where none can be told. A row that names no line
   is of the only line of its order with its product. The number of an order counts first within the source of the row. #}
{% macro with_order_lines(relation, key) -%}
(
    select
        told.*,
        found.line_source,
        found.line_id as found_line_id
    from {{ relation }} as told
    left join (
        select distinct on ({% for part in key %}said.{{ part }}{{ ', ' if not loop.last }}{% endfor %})
            {% for part in key %}said.{{ part }}, {% endfor -%}
            line.source as line_source,
            line.line_id,
            count(*) over (partition by {% for part in key %}said.{{ part }}, {% endfor %}line.source) as choices
        from {{ relation }} as said
        join {{ ref('int_purchase_lines') }} as line
            on line.client_id = said.client_id
            and line.purchase_order_id = said.purchase_order_id
            and (
                line.line_id = said.purchase_order_line_id
                or said.purchase_order_line_id is null and line.product_id = coalesce(said.product_id, line.product_id)
            )
        order by {% for part in key %}said.{{ part }}, {% endfor %}line.source = said.source desc, line.source
    ) as found
        on found.choices = 1{% for part in key %} and found.{{ part }} = told.{{ part }}{% endfor %}
)
{%- endmacro %}

{# Base units in one unit of a row of an order line, by the rows of `with_base_units`: null where it cannot be compared
   with the line. A product in no list has no base unit, so only the unit of the order line, or none named, can be. A line
   in a unit that nothing converts can be compared with rows in the same unit only. #}
{% macro units_of_line(row, line) -%}
    case
        when {{ line }}.is_in_own_unit then case when {{ row }}.unit_code = {{ line }}.unit_code then 1 end
        when {{ line }}.product_name is not null then {{ row }}.base_units
        when {{ row }}.unit_code is null or {{ row }}.unit_code = coalesce({{ line }}.unit_code, 'C62') then 1
        when {{ row }}.unit_code in ('EA', 'H87', 'NMB') and {{ line }}.unit_code is null then 1
    end
{%- endmacro %}

{# Letters and digits of a number of a document, without the letters it begins with and leading zeros: RE-00417 = 417. #}
{% macro bare_number(number) -%}
    coalesce(nullif(regexp_replace(upper(regexp_replace({{ number }}, '[^[:alnum:]]', '', 'g')), '^[[:alpha:]]*0*', ''), ''), {{ number }})
{%- endmacro %}
