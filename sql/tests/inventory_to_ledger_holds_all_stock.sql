-- By movements, the value of all products per client, month and currency; differences are what is left of the ledger.
with mart as (
    select client_id, month_end_date, coalesce(currency_code, 'not known') as currency_code, moved_amount,
        stock_amount = moved_amount + listed_amount
        and difference_amount is not distinct from stock_amount - ledger_amount as adds_up
    from {{ whole(ref('rpt_inventory_to_ledger')) }} as whole
),

valuation as (
    select client_id, month_end_date, coalesce(currency_code, 'not known') as currency_code, sum(stock_amount) as amount
    from {{ whole(ref('rpt_inventory_valuation')) }} as whole
    group by 1, 2, 3
)

select client_id, month_end_date, currency_code, moved_amount, amount
from mart
full join valuation using (client_id, month_end_date, currency_code)
where coalesce(moved_amount, 0) <> coalesce(amount, 0) or adds_up is not true
