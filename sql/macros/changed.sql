{# A build of what changed: `changed` in the side schema lists the clients, and of feeds with months the months, whose rows
   are made anew. In a full build, and in tests of the formulas, nothing is left out. #}
{% macro changes_only() %}
    {{ return(var('changes_only', false)) }}
{% endmacro %}

{# Rows of the clients of which a feed has changed. #}
{% macro of_changed_clients(feed) -%}
    {% if changes_only() -%}
    client_id in (select client_id from {{ target.schema }}.changed where feed = '{{ feed }}')
    {%- else -%} true {%- endif %}
{%- endmacro %}

{# Rows of the months, by the date in a column, in which a feed of their client has changed. #}
{% macro of_changed_months(feed, date, client_id='client_id') -%}
    {% if changes_only() -%}
    ({{ client_id }}, date_trunc('month', {{ date }})::date) in (
        select client_id, month from {{ target.schema }}.changed where feed = '{{ feed }}')
    {%- else -%} true {%- endif %}
{%- endmacro %}

{# All rows of a mart as they will stand in `reporting`: those made by this build, and those it keeps. For tests that
   compare with core: they judge the whole mart in every build. #}
{% macro whole(mart) -%}
    {% if changes_only() -%}
    (select * from {{ mart }} union all select * from {{ target.schema }}.kept_{{ mart.identifier }})
    {%- else -%} {{ mart }} {%- endif %}
{%- endmacro %}

{# After the suppliers of the changed clients are known: the months with a line whose supplier is another one now. A new
   spelling may join, part or rename suppliers, and so touch lines of long ago. #}
{% macro add_months_of_other_suppliers() -%}
    {% if changes_only() %}
    insert into {{ target.schema }}.changed (feed, client_id, month)
    select distinct 'ledgers_spend', line.client_id, line.spend_month
    from reporting.fct_spend_lines as line
    join {{ this }} as supplier
        on supplier.client_id = line.client_id and supplier.spelling = line.supplier_name_as_written
    where (supplier.supplier_key, supplier.supplier_name) is distinct from (line.supplier_key, line.supplier_name)
    {% endif %}
{%- endmacro %}
