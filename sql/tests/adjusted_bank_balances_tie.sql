-- The adjusted balances are those of the rows of the reconciliation, and tie but for breaks in the statements themselves.
with items as (
    select
        client_id,
        unit_id,
        currency_code,
        coalesce(sum(item_amount) filter (where side_code = 'bank'), 0) as bank_amount,
        coalesce(sum(item_amount) filter (where side_code = 'books'), 0) as books_amount,
        coalesce(sum(item_amount) filter (where side_code = 'books' and not is_matched), 0) as open_amount,
        coalesce(sum(item_amount) filter (where side_code = 'bank' and not is_matched), 0) as not_booked_amount
    from {{ whole(ref('rpt_bank_reconciliation')) }} as whole
    group by client_id, unit_id, currency_code
)

select client_id, unit_id, currency_code, mart.difference_amount, statement_amount - items.bank_amount as breaks_amount
from items
full join {{ whole(ref('rpt_bank_balances')) }} as mart using (client_id, unit_id, currency_code)
where
    (mart.books_amount, mart.not_booked_amount, in_transit_amount + outstanding_amount)
    is distinct from (items.books_amount, items.not_booked_amount, items.open_amount)
    or mart.difference_amount is distinct from adjusted_bank_amount - adjusted_books_amount
    or mart.difference_amount is distinct from statement_amount - items.bank_amount
