-- What was open of each document and payment at each date that reports show. Items done with before the first of these
-- dates are left out before the events are counted for each date.
with first_dates as (
    select client_id, min(as_of_date) as as_of_date
    from {{ ref('int_as_of_dates') }}
    group by client_id
),

events as (
    select
        event.*,
        max(counts_from_date) over item as last_date,
        sum(event_amount) over item as item_amount
    from {{ ref('fct_open_item_events') }} as event
    window item as (partition by client_id, source, ledger_code, partner_id, item_code, item_source, item_id)
)

select
    client_id,
    source,
    ledger_code,
    partner_id,
    item_code,
    item_source,
    item_id,
    event.currency_code,
    at.as_of_date,
    at.is_today,
    max(event.entity_code) as entity_code,
    max(event.control_account_id) as control_account_id,
    max(event.partner_name) as partner_name,
    max(event.invoice_date) as invoice_date,
    max(event.due_date) as due_date,
    sum(event.event_amount)::numeric(24,2) as open_amount,
    coalesce(sum(event.event_amount) filter (where event.event_code = 'ledger'), 0)::numeric(24,2) as ledger_amount
from events as event
join first_dates using (client_id)
join {{ ref('int_as_of_dates') }} as at using (client_id)
where
    event.counts_from_date <= at.as_of_date
    and (event.last_date > first_dates.as_of_date or event.item_amount <> 0)
group by
    client_id, source, ledger_code, partner_id, item_code, item_source, item_id,
    event.currency_code, at.as_of_date, at.is_today
having sum(event.event_amount) <> 0
