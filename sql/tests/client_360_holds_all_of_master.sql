-- Every golden record stands in it once, with all orders that are known to be its own.
with master as (
    select client_id, count(*) as golden_records
    from {{ whole(ref('rpt_customer_master')) }} as whole
    group by client_id
),

activity as (
    select client_id, sum(orders) as orders, sum(payments) as payments
    from {{ whole(ref('fct_customer_activity')) }} as whole
    where golden_id <> '(not in the master)'
    group by client_id
),

mart as (
    select client_id, count(distinct golden_id) as golden_records, sum(orders) as orders, sum(payments) as payments
    from {{ whole(ref('rpt_client_360')) }} as whole
    group by client_id
)

select client_id, master.golden_records, mart.golden_records as in_mart
from master
full join mart using (client_id)
left join activity using (client_id)
where
    master.golden_records is distinct from mart.golden_records
    or coalesce(activity.orders, 0) <> coalesce(mart.orders, 0)
    or coalesce(activity.payments, 0) <> coalesce(mart.payments, 0)
