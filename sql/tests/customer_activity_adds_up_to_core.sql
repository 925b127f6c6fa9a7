-- All that is open in the ledger and all lines of orders that are not cancelled, whoever's they are.
with core as (
    select client_id, currency_code, sum(open_amount) as open_amount
    from {{ standing_documents('receivables', 'customer_id') }} as document
    group by client_id, currency_code
),

mart as (
    select client_id, currency_code, sum(open_amount) as open_amount
    from {{ whole(ref('fct_customer_activity')) }} as whole
    group by client_id, currency_code
)

select client_id, currency_code, core.open_amount, mart.open_amount as in_mart
from core
full join mart using (client_id, currency_code)
where coalesce(core.open_amount, 0) <> coalesce(mart.open_amount, 0)
