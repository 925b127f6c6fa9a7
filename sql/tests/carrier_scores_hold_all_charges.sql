-- carrier_scores_hold_all_charges
-- The charges that a carrier is judged by are those of the audit; what is in time was judged, what was judged was shipped.
with audit as (
    select client_id, count(*) as charges, count(*) filter (where status_code = 'matched') as right_charges
    from {{ whole(ref('rpt_freight_audit')) }} as whole
    where charge_code = 'freight' and status_code not in ('credit', 'no_tariffs_feed')
    group by client_id
),

scores as (
    select
        client_id, sum(audited_charges) as charges, sum(right_charges) as right_charges,
        bool_and(on_time_shipments <= judged_shipments and judged_shipments <= shipments) as is_in_order
    from {{ whole(ref('rpt_carrier_scorecard')) }} as whole
    group by client_id
)

select client_id, audit.charges, scores.charges as in_scorecard
from scores
full join audit using (client_id)
where
    coalesce(audit.charges, 0) <> coalesce(scores.charges, 0)
    or coalesce(audit.right_charges, 0) <> coalesce(scores.right_charges, 0)
    or not is_in_order
