-- Every pair in core of two current customers is shown, with the verdict it has there, and no other pair.
with current_customers as (
    select client_id, _source as source, customer_id
    from {{ source('core', 'clients_customers') }}
    where {{ known_at_cut_off() }}
),

core as (
    select pair.client_id, pair.verdict as verdict_code, count(*) as pairs
    from {{ source('core', 'clients_matches') }} as pair
    join current_customers as l
        on l.client_id = pair.client_id and l.source = pair.left_source and l.customer_id = pair.left_customer_id
    join current_customers as r
        on r.client_id = pair.client_id and r.source = pair.right_source and r.customer_id = pair.right_customer_id
    where {{ known_at_cut_off() }}
    group by pair.client_id, pair.verdict
),

mart as (
    select client_id, verdict_code, count(*) as pairs
    from {{ whole(ref('rpt_customer_duplicates')) }} as whole
    group by client_id, verdict_code
)

select client_id, verdict_code, core.pairs, mart.pairs as in_mart
from core
full join mart using (client_id, verdict_code)
where core.pairs is distinct from mart.pairs
