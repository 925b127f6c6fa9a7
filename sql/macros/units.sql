{# Units whose size is fixed for every product: code of UN/CEFACT Recommendation 20 → what it measures, and how many of
   the first unit of that measure it holds. The factors are exact by definition of the units (SI; the international
   yard and pound of 1959; the US and the imperial gallon). #}
{% macro standard_units() %}
    {{ return({
        'count': {'C62': '1', 'EA': '1', 'H87': '1', 'NMB': '1', 'PR': '2', 'DZN': '12', 'CEN': '100', 'GRO': '144', 'MIL': '1000'},
        'mass': {'KGM': '1', 'GRM': '0.001', 'MGM': '0.000001', 'TNE': '1000', 'LBR': '0.45359237',
            'ONZ': '0.028349523125', 'STN': '907.18474', 'LTN': '1016.0469088', 'CWA': '45.359237', 'CWI': '50.80234544'},
        'length': {'MTR': '1', 'KMT': '1000', 'DMT': '0.1', 'CMT': '0.01', 'MMT': '0.001', 'INH': '0.0254', 'FOT': '0.3048',
            'YRD': '0.9144', 'SMI': '1609.344'},
        'area': {'MTK': '1', 'DMK': '0.01', 'CMK': '0.0001', 'MMK': '0.000001', 'FTK': '0.09290304', 'YDK': '0.83612736'},
        'volume': {'LTR': '1', 'HLT': '100', 'DLT': '0.1', 'CLT': '0.01', 'MLT': '0.001', 'MTQ': '1000', 'DMQ': '1',
            'CMQ': '0.001', 'GLL': '3.785411784', 'GLI': '4.54609'},
    }) }}
{% endmacro %}

{% macro _standard_unit_rows() -%}
    (values
    {%- for measure, units in standard_units().items() %}{% set last = loop.last %}
    {%- for code, size in units.items() %}
        ('{{ code }}', '{{ measure }}', {{ size }}::numeric){{ '' if last and loop.last else ',' }}
    {%- endfor %}
    {%- endfor %}
    )
{%- endmacro %}

{# The rows of a relation with client_id, product_id and unit_code, and beside them `base_units`: how many base units of
   the product one of its units holds. Null where nothing tells, so that no carton counts as a piece. A product that is
   not in the list of products is kept in the unit that its rows name, or in pieces where they name none. #}
{% macro with_base_units(relation) -%}
(
    select
        counted.*,
        case
            when counted.unit_code is null or counted.unit_code = product.base_unit_code then 1
            when own.base_units is not null then own.base_units
            when counted.unit_code = product.pack_unit_code then product.units_per_pack
            when product.product_id is null then 1
            when unit.measure = base.measure then unit.size / base.size
        end as base_units
    from {{ relation }} as counted
    left join {{ ref('int_products') }} as product using (client_id, product_id)
    left join {{ ref('int_product_units') }} as own using (client_id, product_id, unit_code)
    left join {{ _standard_unit_rows() }} as unit (code, measure, size) on unit.code = counted.unit_code
    left join {{ _standard_unit_rows() }} as base (code, measure, size) on base.code = product.base_unit_code
)
{%- endmacro %}

{# What a figure that adds up from the start came to in the month, by the window `months`. #}
{% macro in_month(so_far) -%}
    {{ so_far }} - case when row_number() over months = 1 then 0 else lag({{ so_far }}) over months end
{%- endmacro %}
