-- purchase_lines_are_those_of_core
-- Every order line of core stands once in the fulfilment and once in the match, and what is ordered there is the same.
with core as (
    select client_id, count(*) as lines
    from (
        select distinct client_id, _source, purchase_order_id, line_id
        from {{ source('core', 'shipments_purchase_order_lines') }}
        where {{ known_at_cut_off() }}
    ) as lines
    group by client_id
),

fulfilment as (
    select client_id, count(*) as lines, sum(ordered_quantity) as ordered_quantity
    from {{ whole(ref('rpt_purchase_order_fulfilment')) }} as whole
    group by client_id
),

matched as (
    select client_id, count(*) as lines, sum(ordered_quantity) as ordered_quantity
    from {{ whole(ref('rpt_three_way_match')) }} as whole
    where row_code = 'order_line'
    group by client_id
),

scored as (
    select client_id, sum(lines) as lines from {{ whole(ref('rpt_supplier_scorecard')) }} as whole group by client_id
)

select client_id, core.lines, fulfilment.lines as in_fulfilment, matched.lines as in_match, scored.lines as in_scorecard
from core
full join fulfilment using (client_id)
full join matched using (client_id)
full join scored using (client_id)
where
    fulfilment.lines is distinct from core.lines or matched.lines is distinct from core.lines
    or scored.lines is distinct from core.lines or fulfilment.ordered_quantity is distinct from matched.ordered_quantity
