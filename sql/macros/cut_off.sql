{# The moment whose knowledge a build shows. Chosen once, before the build; by hand: the start of the run. #}
{% macro cut_off() -%}
    timestamptz '{{ var("cut_off", run_started_at.isoformat()) }}'
{%- endmacro %}

{# Rows of a core table as they stood at the cut-off: known by then, not yet replaced by then. #}
{% macro known_at_cut_off() -%}
    (_known_from <= {{ cut_off() }} and (_known_to is null or _known_to > {{ cut_off() }}))
{%- endmacro %}

{# Where a row comes from, under the names that analysts see. #}
{% macro address() -%}
    _delivery_id as delivery_id,
    _row_number as row_number,
    _row_part as row_part
{%- endmacro %}
