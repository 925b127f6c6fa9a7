-- What came of each order line so far, and on which day it was complete. A receipt of nothing is no receipt; what was
-- taken back lessens what came.
{%- set line_key = 'client_id, line_source, purchase_order_id, found_line_id' %}
with receipts as (
    select
        receipt.*,
        receipt.received_quantity - receipt.rejected_quantity as accepted_quantity,
        sum(receipt.received_quantity - receipt.rejected_quantity) over so_far as accepted_so_far
    from {{ ref('int_purchase_receipts') }} as receipt
    where found_line_id is not null and received_quantity is distinct from 0
    window so_far as (partition by {{ line_key }} order by received_date)
),

lines as (
    select
        client_id,
        line_source as source,
        purchase_order_id,
        found_line_id as line_id,
        count(*) as receipts,
        bool_or(received_quantity is null) as is_unknown_unit,
        bool_or(is_other_product) as has_other_product,
        sum(received_quantity) as received_quantity,
        sum(rejected_quantity) as rejected_quantity,
        sum(accepted_quantity) as accepted_quantity,
        min(received_date) filter (where received_quantity > 0) as first_received_date,
        max(received_date) as last_received_date
    from receipts
    group by {{ line_key }}
),

receiving as (
    select distinct client_id from {{ ref('int_purchase_receipts') }}
),

needed as (
    select
        line.client_id,
        line.source,
        line.purchase_order_id,
        line.line_id,
        line.ordered_quantity * (1 - coalesce(client.short_delivery_pct, 0) / 100) as needed_quantity
    from {{ ref('int_purchase_lines') }} as line
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
),

-- Complete is a line from the day after which it was never short again: what is taken back and comes again counts late.
completed as (
    select
        needed.client_id,
        needed.source,
        needed.purchase_order_id,
        needed.line_id,
        min(received_date) filter (where is_enough_from_here) as completed_date
    from needed
    join (
        select
            receipts.client_id, receipts.line_source as source, receipts.purchase_order_id, receipts.found_line_id as line_id,
            receipts.received_date,
            min(receipts.accepted_so_far) over (
                partition by {{ line_key }} order by received_date rows between current row and unbounded following
            ) as least_from_here
        from receipts
    ) as receipt using (client_id, source, purchase_order_id, line_id)
    cross join lateral (select least_from_here >= needed_quantity as is_enough_from_here) as judged
    group by needed.client_id, needed.source, needed.purchase_order_id, needed.line_id
)

select
    line.client_id,
    line.source,
    line.purchase_order_id,
    line.line_id,
    receiving.client_id is not null as has_receipts_feed,
    coalesce(lines.receipts, 0) as receipts,
    coalesce(lines.has_other_product, false) as has_other_product,
    line.ordered_quantity is null or coalesce(lines.is_unknown_unit, false) as is_unknown_unit,
    case when receiving.client_id is not null and lines.is_unknown_unit is not true then coalesce(lines.received_quantity, 0) end::numeric(24, 6) as received_quantity,
    case when receiving.client_id is not null and lines.is_unknown_unit is not true then coalesce(lines.rejected_quantity, 0) end::numeric(24, 6) as rejected_quantity,
    case when receiving.client_id is not null and lines.is_unknown_unit is not true then coalesce(lines.accepted_quantity, 0) end::numeric(24, 6) as accepted_quantity,
    lines.first_received_date,
    lines.last_received_date,
    case when lines.is_unknown_unit is not true then completed.completed_date end as completed_date,
    needed.needed_quantity,
    coalesce(not lines.is_unknown_unit and lines.accepted_quantity >= needed.needed_quantity, false) as is_complete
from {{ ref('int_purchase_lines') }} as line
join needed using (client_id, source, purchase_order_id, line_id)
left join lines using (client_id, source, purchase_order_id, line_id)
left join completed using (client_id, source, purchase_order_id, line_id)
left join receiving on receiving.client_id = line.client_id
