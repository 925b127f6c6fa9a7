-- A match has both sides, and they come to the same unless its rule shows a difference.
with matches as (
    select
        client_id, unit_id, rule_code, match_id,
        sum(case side_code when 'bank' then item_amount else - item_amount end) as difference_amount,
        min(match_difference_amount) as shown_amount,
        max(match_difference_amount) as also_shown_amount,
        count(distinct side_code) as sides
    from {{ whole(ref('rpt_bank_reconciliation')) }} as whole
    where is_matched and rule_code <> 'no_amount'
    group by client_id, unit_id, rule_code, match_id
)

select *
from matches
where
    sides <> 2
    or (difference_amount, difference_amount) is distinct from (shown_amount, also_shown_amount)
    or difference_amount <> 0 and rule_code <> 'reference_other_amount'
