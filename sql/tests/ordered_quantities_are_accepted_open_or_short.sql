-- ordered_quantities_are_accepted_open_or_short
-- What was ordered has come, is still open, or never came; a line that counts as complete may lack what the profile allows.
select *
from {{ ref('rpt_purchase_order_fulfilment') }}
where
    status_code not in ('complete', 'over_received', 'cancelled', 'unknown_unit', 'no_receipts_feed')
    and ordered_quantity + over_quantity <> accepted_quantity + open_quantity + short_quantity
    or accepted_quantity <> received_quantity - rejected_quantity
