-- A total is the sum of its products, where both ends of the month and the currency are known.
with mart as (
    select * from {{ whole(ref('rpt_inventory_turnover')) }} as whole
),

products as (
    select client_id, currency_code, month_end_date, count(*) as products, sum(used_amount) as used, sum(stock_amount) as stock
    from mart
    where level_code = 'product' and products = 1 and currency_code is not null
    group by client_id, currency_code, month_end_date
),

totals as (
    select client_id, currency_code, month_end_date, products, used_amount, stock_amount
    from mart
    where level_code = 'total' and products > 0
)

select client_id, currency_code, month_end_date, products.products, totals.products as in_total
from products
full join totals using (client_id, currency_code, month_end_date)
where
    (products.products, products.used, products.stock)
    is distinct from (totals.products::bigint, totals.used_amount, totals.stock_amount)
