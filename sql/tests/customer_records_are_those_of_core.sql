-- Every current customer in core stands once among the records, and nobody else; the records of a golden record are as many
-- as the master says.
with core as (
    select client_id, _source as source, customer_id
    from {{ source('core', 'clients_customers') }}
    where {{ known_at_cut_off() }}
),

records as (
    select client_id, source, customer_id, golden_id from {{ whole(ref('fct_customer_records')) }} as whole
),

golden as (
    select client_id, golden_id, count(*) as members from records group by client_id, golden_id
),

master as (
    select client_id, golden_id, members from {{ whole(ref('rpt_customer_master')) }} as whole
)

select client_id, source || '/' || customer_id as customer
from core
full join records using (client_id, source, customer_id)
where records.golden_id is null or not exists (
    select from core as same
    where same.client_id = records.client_id and same.source = records.source and same.customer_id = records.customer_id
)
union all
select client_id, golden_id
from golden
full join master using (client_id, golden_id)
where golden.members is distinct from master.members
