-- Every payment in core, in its newest period, is shown as paid or as returned.
with newest as (
    select distinct on (client_id, _source, payment_id, run_id) client_id, currency_code, paid_amount
    from {{ source('core', 'payroll_payments') }}
    where {{ known_at_cut_off() }}
    order by client_id, _source, payment_id, run_id, _period desc
),

core as (
    select client_id, currency_code, sum(paid_amount) as amount from newest group by client_id, currency_code
),

mart as (
    select client_id, currency_code, sum(paid_amount + returned_amount) as amount
    from {{ whole(ref('rpt_gross_to_net')) }} as whole
    group by client_id, currency_code
)

select client_id, currency_code, core.amount as in_core, mart.amount as in_mart
from core
full join mart using (client_id, currency_code)
where coalesce(core.amount, 0) <> coalesce(mart.amount, 0)
