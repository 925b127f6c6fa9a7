-- Every current customer in core stands in the master, and the duplicates report counts the same customers.
with core as (
    select client_id, count(*) as customers
    from {{ source('core', 'clients_customers') }}
    where {{ known_at_cut_off() }}
    group by client_id
),

master as (
    select client_id, count(*) as customers
    from {{ whole(ref('rpt_customer_master')) }} as whole
    group by client_id
)

select client_id, core.customers, master.customers as in_master, duplicates.customers as in_duplicates
from core
full join master using (client_id)
full join (select * from {{ whole(ref('rpt_customer_duplicates')) }} as whole where rule_code = 'any') as duplicates using (client_id)
where
    core.customers is distinct from master.customers
    or core.customers is distinct from duplicates.customers
