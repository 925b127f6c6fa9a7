-- No share above the whole, and every row of core is asked whether it has its key.
with core as (
    {% for feed, key in (('customers', 'customer_id'), ('contacts', 'contact_id'), ('addresses', 'address_id')) -%}
    select client_id, 'clients.{{ feed }}' as feed, '{{ key }}' as column_name, count(distinct (_source, {{ key }})) as rows
    from {{ source('core', 'clients_' ~ feed) }}
    where {{ known_at_cut_off() }}
    group by client_id
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

mart as (
    select * from {{ whole(ref('rpt_customer_quality')) }} as whole
)

select client_id, feed, column_name, 'completeness' as measure_code
from core
left join mart using (client_id, feed, column_name)
where measure_code = 'completeness' and (numerator <> rows or denominator <> rows)
union all
select client_id, feed, column_name, measure_code
from mart
where numerator > denominator or numerator < 0
union all
select client_id, feed, column_name, 'completeness'
from core
where not exists (select from mart where mart.client_id = core.client_id and mart.feed = core.feed)
