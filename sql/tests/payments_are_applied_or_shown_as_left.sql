-- Each payment is allocated, unallocated or over-paid; and all payments of core are there, per client and currency.
with core as (
    select client_id, currency_code, sum(payment_amount) as payment_amount, count(*) as payments
    from (
        select distinct on (client_id, _source, payment_id) client_id, currency_code, payment_amount
        from {{ source('core', 'ledgers_payments') }}
        where {{ known_at_cut_off() }}
        order by client_id, _source, payment_id, allocation_id
    ) as payments
    group by client_id, currency_code
),

mart as (
    select
        client_id, currency_code, sum(payment_amount) as payment_amount, sum(payments) as payments,
        sum(allocated_amount + unallocated_amount + over_paid_amount) as applied_amount
    from {{ whole(ref('rpt_cash_application')) }} as whole
    group by client_id, currency_code
)

select client_id, currency_code, core.payment_amount, mart.payment_amount as in_mart, mart.applied_amount
from core
full join mart using (client_id, currency_code)
where
    (core.payment_amount, core.payments) is distinct from (mart.payment_amount, mart.payments)
    or core.payment_amount <> mart.applied_amount
