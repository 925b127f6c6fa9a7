-- Each supplier's buckets add up to its open amount.
select *
from {{ ref('rpt_payables_ageing') }}
where not_due_amount + days_1_30_amount + days_31_60_amount + days_61_90_amount + over_90_days_amount <> open_amount
