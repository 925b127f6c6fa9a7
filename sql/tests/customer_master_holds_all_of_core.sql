-- Every current customer in core is a member of exactly one golden record, and no golden record has another member.
with core as (
    select client_id, count(*) as customers
    from {{ source('core', 'clients_customers') }}
    where {{ known_at_cut_off() }}
    group by client_id
),

master as (
    select client_id, sum(members) as customers
    from {{ whole(ref('rpt_customer_master')) }} as whole
    group by client_id
)

select client_id, core.customers, master.customers as in_master
from core
full join master using (client_id)
where core.customers is distinct from master.customers
