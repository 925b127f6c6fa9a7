-- Every order line of core stands once, in however many periods it came, with the value it has there.
with core as (
    select client_id, count(*) as lines, sum(line_amount) as line_amount
    from (
        select distinct on (client_id, _source, order_id, line_id) client_id, line_amount
        from {{ source('core', 'shipments_order_lines') }}
        where {{ known_at_cut_off() }}
        order by client_id, _source, order_id, line_id, nullif(_period, '') desc nulls last
    ) as newest
    where line_amount is not null
    group by client_id
),

mart as (
    select mart.client_id, count(*) as lines, sum(mart.line_amount) as line_amount
    from {{ whole(ref('fct_order_lines')) }} as mart
    join {{ source('core', 'shipments_order_lines') }} as line
        on line.client_id = mart.client_id and line._source = mart.source
        and line.order_id = mart.order_id and line.line_id = mart.line_id
        and line._delivery_id = mart.delivery_id and line._row_number = mart.row_number and line._row_part = mart.row_part
        and line._known_from <= {{ cut_off() }} and (line._known_to is null or line._known_to > {{ cut_off() }})
    where mart.line_kind_code = 'order_line' and line.line_amount is not null
    group by mart.client_id
)

select client_id, core.lines, mart.lines as mart_lines, core.line_amount, mart.line_amount as mart_amount
from core
full join mart using (client_id)
where (core.lines, core.line_amount) is distinct from (mart.lines, mart.line_amount)
