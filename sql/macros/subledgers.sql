{# What the marts of the sub-ledgers share: names of feeds with one sign and one word for the same thing. #}

{# The bucket of an age in days. Due today is not yet overdue: a payment on the due date is in time. #}
{% macro age_code(days) -%}
    case
        when {{ days }} <= 0 then 'not_due'
        when {{ days }} <= 30 then 'days_1_30'
        when {{ days }} <= 60 then 'days_31_60'
        when {{ days }} <= 90 then 'days_61_90'
        else 'over_90_days'
    end
{%- endmacro %}

{# Ageing of one sub-ledger; `partner` is what its feed calls the partner. #}
{% macro ageing(ledger, partner) -%}
with items as (
    select *, as_of_date - due_date as days_overdue
    from {{ ref('int_open_items_at') }}
    where ledger_code = '{{ ledger }}'
),

aged as (
    select *, item_code = 'document' as is_document, {{ age_code('days_overdue') }} as age_code
    from items
),

partners as (
    select distinct on (client_id, partner_id) client_id, partner_id, partner_name
    from {{ ref('stg_ledgers__partners') }}
    order by client_id, partner_id, source
)

select
    client_id,
    source,
    partner_id as {{ partner }}_id,
    coalesce(
        (array_agg(aged.partner_name order by invoice_date desc, item_id desc)
            filter (where aged.partner_name is not null))[1],
        min(partners.partner_name)) as {{ partner }}_name,
    currency_code,
    as_of_date,
    is_today,
    count(*) filter (where is_document) as open_invoices,
    {% for age in ('not_due', 'days_1_30', 'days_31_60', 'days_61_90', 'over_90_days') -%}
    coalesce(sum(open_amount) filter (where is_document and age_code = '{{ age }}'), 0) as {{ age }}_amount,
    {% endfor -%}
    coalesce(sum(open_amount) filter (where is_document), 0) as open_amount,
    max(days_overdue) filter (where is_document) as oldest_days_overdue,
    coalesce(sum(open_amount) filter (where not is_document), 0) as unallocated_amount,
    sum(open_amount) as balance_amount,
    sum(ledger_amount) as ledger_amount,
    {{ cut_off() }} as known_at
from aged
left join partners using (client_id, partner_id)
group by client_id, source, partner_id, currency_code, as_of_date, is_today
{%- endmacro %}

{# The documents in core that are a sub-ledger at the cut-off. A source in mode period sends, as its profile says, either
   all that was open at the end of each period, so the newest period is the ledger, or what was posted in each, so all of
   them are: of a document that came in two, its newest row. `partner`: what names its partner; `of`: which clients. #}
{% macro standing_documents(ledger, partner, of='true') -%}
(
    with known as (
        select * from {{ source('core', 'ledgers_' ~ ledger) }} where {{ known_at_cut_off() }} and {{ of }}
    ),

    told as (
        select
            client_id,
            _source,
            max(_period) as newest_period,
            exists (
                select from {{ source('ops', 'client') }} as profile
                where
                    profile.client_id = known.client_id
                    and profile.adding @> to_jsonb('ledgers.{{ ledger }}/' || known._source)
            ) as adds_up
        from known
        group by client_id, _source
    )

    select known.*
    from known
    join told using (client_id, _source)
    where not adds_up and _period = newest_period
    union all
    (
        select distinct on (client_id, _source, {{ partner }}, invoice_id) known.*
        from known
        join told using (client_id, _source)
        where adds_up
        order by client_id, _source, {{ partner }}, invoice_id, _period desc
    )
)
{%- endmacro %}
