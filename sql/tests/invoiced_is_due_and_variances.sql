-- invoiced_is_due_and_variances
-- What was invoiced is what was due at the price of the order, and the two variances; and every flag is in its place.
select *
from {{ ref('rpt_three_way_match') }}
where
    abs(invoiced_amount - quantity_variance_amount - price_variance_amount - due_quantity * order_price_amount) > 0.02 + abs(due_quantity) * 0.000001
    or flags <> '' and split_part(flags, ', ', 1) <> status_code
