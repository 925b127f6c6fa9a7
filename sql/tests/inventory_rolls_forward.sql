-- What was there, came in and left makes what is there, in quantity and, where the value of both month ends is known, in the
-- amount of the books to the cent.
with months as (
    select
        *,
        lag(on_hand_quantity, 1, 0) over product as quantity_before,
        case when row_number() over product = 1 then 0 else lag(stock_amount) over product end as amount_before
    from {{ whole(ref('rpt_inventory_valuation')) }} as whole
    window product as (partition by client_id, source, product_id order by month_end_date)
)

select *
from months
where
    on_hand_quantity <> quantity_before + in_quantity - out_quantity
    or stock_amount <> amount_before + in_amount - out_amount
    or (stock_amount is null) <> (status_code <> 'valued')
