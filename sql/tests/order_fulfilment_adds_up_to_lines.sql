-- Every line is in one order and one state, with its value; every order of core is there.
with lines as (
    select client_id, count(*) as lines, coalesce(sum(line_amount), 0) as amount
    from {{ whole(ref('fct_order_lines')) }} as whole
    group by client_id
),

orders as (
    select
        client_id,
        sum(delivered_lines + part_delivered_lines + overdue_lines + open_lines + closed_lines + cancelled_lines) as lines,
        coalesce(sum(ordered_amount), 0) as amount
    from {{ whole(ref('rpt_order_fulfilment')) }} as whole
    where order_status_code <> 'no_lines' and lines > 0
    group by client_id
)

select client_id, 'lines' as what, lines.lines::text as expected, orders.lines::text as found
from lines
full join orders using (client_id)
where (lines.lines, lines.amount) is distinct from (orders.lines, orders.amount)
union all
select distinct head.client_id, 'order', head.order_id, null
from {{ source('core', 'shipments_orders') }} as head
where
    {{ known_at_cut_off() }}
    and not exists (
        select from {{ whole(ref('rpt_order_fulfilment')) }} as mart
        where mart.client_id = head.client_id and mart.order_id = head.order_id
    )
