{# A test as dbt makes it, and the rows it found as a table beside the marts: they tell whose data is at fault, and what is
   wrong with it. A test that finds nothing leaves nothing (dbt's own `store_failures` makes a table for each). #}
{% materialization test, default %}
    {% call statement('main', fetch_result=True) -%}
        {{ get_test_sql(
            get_limit_subquery_sql(sql, config.get('limit')), config.get('fail_calc'), config.get('warn_if'),
            config.get('error_if'), limit=none) }}
    {%- endcall %}
    {% set relations = [] %}
    {% if load_result('main')['data'][0][0] %}
        {% set failing = api.Relation.create(
            database=database, schema=target.schema, identifier=model['alias'], type='table') %}
        {% call statement('drop_failing', auto_begin=True) -%}
            drop table if exists {{ failing }}
        {%- endcall %}
        {% call statement('keep_failing') -%}
            create table {{ failing }} as {{ sql }}
        {%- endcall %}
        {{ adapter.commit() }}
        {% do relations.append(failing) %}
    {% endif %}
    {{ return({'relations': relations}) }}
{% endmaterialization %}
