{# After the movements are known: in the ledger, the later months of every period that has a line in a month made anew. Their
   running amounts begin with what the earlier months bring. #}
{% macro add_later_months_of_periods() -%}
    {% if changes_only() %}
    insert into {{ target.schema }}.reads (mart, feed) values ('rpt_general_ledger', 'gl_later_months');
    insert into {{ target.schema }}.changed (feed, client_id, month)
    with made as (
        select distinct client_id, entity_code, period_code, posting_month
        from {{ ref('fct_gl_movements') }}
        union
        select distinct old.client_id, old.entity_code, old.period_code, old.posting_month
        from reporting.fct_gl_movements as old
        join {{ target.schema }}.replaced_fct_gl_movements as replaced
            on replaced.client_id = old.client_id and replaced.month = old.posting_month
    )
    select distinct 'gl_later_months', later.client_id, later.posting_month
    from {{ target.schema }}.kept_fct_gl_movements as later
    join made
        on made.client_id = later.client_id and made.entity_code = later.entity_code
        and made.period_code = later.period_code and made.posting_month < later.posting_month
    {% endif %}
{%- endmacro %}

{# Of a relation the rows of the months that a mart by month made anew. For tests of that mart. #}
{% macro of_months_made(mart, relation, date) -%}
    {% if changes_only() -%}
    (
        select month_row.*
        from {{ target.schema }}.due
        join {{ relation }} as month_row
            on month_row.client_id = due.client_id
            and month_row.{{ date }} >= due.from_date and month_row.{{ date }} < due.before_date
        where due.mart = '{{ mart.identifier }}'
    )
    {%- else -%} {{ relation }} {%- endif %}
{%- endmacro %}
