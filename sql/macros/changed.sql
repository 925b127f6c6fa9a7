{# A build of what changed. The side schema holds, made by the plan of the build: `needed`, of which clients each feed is
   read; `due`, which clients and months each mart by month makes anew; and `kept_<mart>`, the rows a mart keeps. In a full
   build, and in tests of the formulas, nothing is left out. #}
{% macro changes_only() %}
    {{ return(var('changes_only', false)) }}
{% endmacro %}

{# Rows of the clients of which a feed has changed, or is read together with one that has. #}
{% macro of_changed_clients(feed) -%}
    {% if changes_only() -%}
    client_id in (select client_id from {{ target.schema }}.needed where feed = '{{ feed }}')
    {%- else -%} true {%- endif %}
{%- endmacro %}

{# Of a relation the rows that this mart by month (in tests: the mart named) makes anew, by the date in a column. To be
   read from: month after month through the index on client and date. (As a join, the planner took the rows that a mart
   keeps for one and read them all: 1.5 million lines for the 56,000 of one more month. `offset 0` keeps it from that.) #}
{% macro of_changed_months(relation, date, mart=none) -%}
    {% if changes_only() -%}
    (
        select month_row.*
        from {{ target.schema }}.due
        cross join lateral (
            select *
            from {{ relation }} as any_month
            where
                any_month.client_id = due.client_id
                and any_month.{{ date }} >= due.from_date and any_month.{{ date }} < due.before_date
            offset 0
        ) as month_row
        where due.mart = '{{ (mart or this).identifier }}'
    )
    {%- else -%} {{ relation }} {%- endif %}
{%- endmacro %}

{# All rows of a mart as they will stand in `reporting`: those made by this build, and those it keeps. For marts by month
   that read a mart of fewer feeds (inside `of_changed_months`), and for tests that compare with core: they judge the whole
   mart in every build. (Where that would read millions of lines, a test compares the months made anew.) #}
{% macro whole(mart) -%}
    {% if changes_only() -%}
    (select * from {{ mart }} union all select * from {{ target.schema }}.kept_{{ mart.identifier }})
    {%- else -%} {{ mart }} {%- endif %}
{%- endmacro %}

{# All rows of a mart by month of the clients of which its feed has changed: what a model by clients reads of it. #}
{% macro whole_of_changed_clients(mart, feed) -%}
    {% if changes_only() -%}
    (select * from {{ whole(mart) }} as mart_row where {{ of_changed_clients(feed) }})
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
