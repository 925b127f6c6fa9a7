{{ config(post_hook='{{ add_later_months_of_periods() }}') }}

-- What was posted to an account's period in earlier months, where a period lies in several: thirteen periods of four weeks,
-- or an entry that names a period of another month.
with months as (
    select client_id, entity_code, account_id, currency_code, period_code, posting_month, sum(amount) as amount
    from {{ whole_of_changed_clients(ref('fct_gl_movements'), 'ledgers_gl_entries') }} as movement
    group by client_id, entity_code, account_id, currency_code, period_code, posting_month
),

earlier as (
    select
        *,
        sum(amount) over (
            partition by client_id, entity_code, account_id, currency_code, period_code
            order by posting_month
            rows between unbounded preceding and 1 preceding
        ) as earlier_amount
    from months
)

select client_id, entity_code, account_id, currency_code, period_code, posting_month, earlier_amount::numeric(24, 2)
    as earlier_amount
from earlier
where earlier_amount is not null
