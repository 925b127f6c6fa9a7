{# dbt's own tests of one column, in their words and with their meaning, but with whole rows as what fails: theirs return
   the value alone, which does not tell the client. #}
{% test accepted_values(model, column_name, values, quote=true) %}
select *
from {{ model }}
where {{ column_name }} not in (
    {%- for value in values %}{{ "'" ~ (value | replace("'", "''")) ~ "'" if quote else value }}{% if not loop.last %}, {% endif %}{% endfor -%}
)
{% endtest %}

{% test not_null(model, column_name) %}
select * from {{ model }} where {{ column_name }} is null
{% endtest %}

{# A value stands for its client: another client's row of the same value is no relation. #}
{% test relationships(model, column_name, to, field) %}
select child.*
from {{ model }} as child
where
    child.{{ column_name }} is not null
    and not exists (
        select from {{ to }} as parent
        where parent.{{ field }} = child.{{ column_name }} and parent.client_id = child.client_id)
{% endtest %}

{% test unique(model, column_name) %}
select model.*
from {{ model }} as model
join (
    select {{ column_name }} as repeated from {{ model }}
    where {{ column_name }} is not null group by {{ column_name }} having count(*) > 1
) as twice on repeated = model.{{ column_name }}
{% endtest %}
