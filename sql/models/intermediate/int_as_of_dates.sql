-- The dates for which reports show a client's open items: its own today, and the ends of the twelve months before.
with clients as (
    select client_id from {{ ref('int_subledger_documents') }}
    union
    select client_id from {{ ref('stg_ledgers__payments') }}
),

today as (
    select client_id, coalesce(client.as_of_date, ({{ cut_off() }} at time zone 'UTC')::date) as as_of_date
    from clients
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
)

select client_id, as_of_date, true as is_today, as_of_date as today
from today
union all
select client_id, (date_trunc('month', as_of_date) - make_interval(months => n))::date - 1, false, as_of_date
from today
cross join generate_series(0, 11) as n
