-- Everything on hand, with the days that its client calls slow.
with positions as (
    select
        client_id,
        source,
        product_id,
        case when count(on_hand_quantity) = count(*) then sum(on_hand_quantity) end as quantity
    from {{ whole(ref('rpt_stock_position')) }} as whole
    where status_code <> 'listed_elsewhere'
    group by client_id, source, product_id
    having sum(on_hand_quantity) > 0 or count(on_hand_quantity) < count(*)
)

select client_id, source, product_id, quantity, on_hand_quantity, days_without_issue
from positions
full join {{ whole(ref('rpt_slow_moving')) }} as slow using (client_id, source, product_id)
where
    quantity is distinct from on_hand_quantity
    or is_slow_moving <> (days_without_issue >= slow_moving_days)
    or (slow_moving_amount is not null and is_slow_moving is not true)
