-- At every date that the ageings show, balances are the sum of the events until then.
with mart as (
    {% for ledger in ('payables', 'receivables') -%}
    select
        '{{ ledger }}' as ledger_code, client_id, source, currency_code, as_of_date,
        sum(balance_amount) as balance_amount, sum(ledger_amount) as ledger_amount
    from {{ whole(ref('rpt_' ~ ledger ~ '_ageing')) }} as whole
    group by client_id, source, currency_code, as_of_date
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

changes as (
    select
        ledger_code, client_id, source, currency_code, counts_from_date, sum(event_amount) as amount
    from {{ whole(ref('fct_open_item_events')) }} as whole
    group by ledger_code, client_id, source, currency_code, counts_from_date
),

events as (
    select ledger_code, client_id, source, currency_code, as_of_date, sum(amount) as balance_amount
    from changes
    join (select distinct client_id, as_of_date from mart) as dates using (client_id)
    where counts_from_date <= as_of_date
    group by ledger_code, client_id, source, currency_code, as_of_date
)

select
    ledger_code, client_id, source, currency_code, as_of_date,
    events.balance_amount as of_events, mart.balance_amount as in_mart
from events
full join mart using (ledger_code, client_id, source, currency_code, as_of_date)
where coalesce(events.balance_amount, 0) <> coalesce(mart.balance_amount, 0)
