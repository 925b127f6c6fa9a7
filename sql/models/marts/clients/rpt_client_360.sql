-- One row per golden record: who it is, what it buys and owes, what it allows, and how good its data is. Amounts of several
-- currencies are not added up: they stand in fct_customer_activity.
with activity as (
    select
        client_id,
        golden_id,
        count(*) as currencies,
        min(currency_code) as currency_code,
        {% for count in ('orders', 'open_documents', 'payments', 'returns') -%}
        sum({{ count }})::bigint as {{ count }},
        {% endfor -%}
        {% for amount in ('order', 'open', 'overdue', 'paid', 'refund') -%}
        case when count(*) = 1 then sum({{ amount }}_amount) end as {{ amount }}_amount,
        {% endfor -%}
        max(last_ordered_date) as last_ordered_date,
        max(last_paid_date) as last_paid_date,
        max(greatest(last_ordered_date, last_invoiced_date, last_paid_date, last_returned_date)) as last_activity_date
    from {{ ref('fct_customer_activity') }}
    group by client_id, golden_id
),

-- Contacts, addresses, consents and relations come from sources of their own, whose names need not be those of customers.
asked as (
    {% for feed in ('contacts', 'addresses', 'consents', 'relations') -%}
    select client_id, source, customer_id from {{ ref('stg_clients__' ~ feed) }}
    union
    {% endfor -%}
    select client_id, source, related_customer_id from {{ ref('stg_clients__relations') }}
),

known as (
    select * from {{ golden_ids_of('asked') }} as found
    where golden_id is not null
),

-- A customer of several systems may have said yes in one and no in another: the newest word counts, no before yes.
consents as (
    select distinct on (consent.client_id, known.golden_id, consent.purpose_code, consent.channel_code)
        consent.client_id,
        known.golden_id,
        consent.purpose_code,
        consent.channel_code,
        consent.is_granted and coalesce(consent.valid_to_date >= {{ today() }}, true) as is_in_force
    from {{ ref('stg_clients__consents') }} as consent
    join known
        on known.client_id = consent.client_id and known.source = consent.source
        and known.customer_id = consent.customer_id
    left join {{ ref('stg_ops__clients') }} as client on client.client_id = consent.client_id
    order by
        consent.client_id, known.golden_id, consent.purpose_code, consent.channel_code,
        consent.decided_at desc, consent.is_granted, consent.valid_to_date
),

allowed as (
    select
        client_id,
        golden_id,
        count(*) as consents_in_force,
        string_agg(purpose_code || ' by ' || channel_code, ', ' order by purpose_code, channel_code) as allowed_uses
    from consents
    where is_in_force
    group by client_id, golden_id
),

{% for feed, id in (('contacts', 'contact_id'), ('addresses', 'address_id')) -%}
{{ feed }} as (
    select row_of.client_id, known.golden_id, count(*) as {{ feed }}
    from {{ ref('stg_clients__' ~ feed) }} as row_of
    join known
        on known.client_id = row_of.client_id and known.source = row_of.source
        and known.customer_id = row_of.customer_id
    group by row_of.client_id, known.golden_id
),

{% endfor -%}
parents as (
    select distinct on (relation.client_id, known.golden_id)
        relation.client_id, known.golden_id, parent.golden_id as parent_golden_id
    from {{ ref('stg_clients__relations') }} as relation
    join known
        on known.client_id = relation.client_id and known.source = relation.source
        and known.customer_id = relation.customer_id
    join known as parent
        on parent.client_id = relation.client_id and parent.source = relation.source
        and parent.customer_id = relation.related_customer_id
    left join {{ ref('stg_ops__clients') }} as client on client.client_id = relation.client_id
    where
        relation.relation_code = 'parent'
        and parent.golden_id <> known.golden_id
        and coalesce(relation.valid_from_date <= {{ today() }}, true)
        and coalesce(relation.valid_to_date >= {{ today() }}, true)
    order by
        relation.client_id, known.golden_id, relation.share_pct desc nulls last,
        relation.valid_from_date desc nulls last, parent.golden_id
),

waiting as (
    select client_id, golden_id, count(*) as duplicates_waiting
    from (
        select client_id, left_golden_id as golden_id from {{ ref('rpt_customer_duplicates') }} where verdict_code = 'review'
        union all
        select client_id, right_golden_id from {{ ref('rpt_customer_duplicates') }} where verdict_code = 'review'
    ) as asked
    group by client_id, golden_id
)

select
    golden.client_id,
    golden.golden_id,
    golden.customer_type_code,
    golden.company_name,
    {{ masked('golden.given_name') }} as given_name_masked,
    {{ masked('golden.family_name') }} as family_name_masked,
    golden.city,
    golden.country_code,
    golden.segment_name,
    golden.is_active,
    golden.members,
    golden.sources,
    parents.parent_golden_id,
    coalesce(contacts.contacts, 0) as contacts,
    coalesce(addresses.addresses, 0) as addresses,
    coalesce(activity.currencies, 0) as currencies,
    case when activity.currencies = 1 then activity.currency_code end as currency_code,
    {% for count in ('orders', 'open_documents', 'payments', 'returns') -%}
    coalesce(activity.{{ count }}, 0) as {{ count }},
    {% endfor -%}
    {% for amount in ('order', 'open', 'overdue', 'paid', 'refund') -%}
    case when activity.golden_id is null then 0 else activity.{{ amount }}_amount end::numeric(24, 2) as {{ amount }}_amount,
    {% endfor -%}
    activity.last_ordered_date,
    activity.last_paid_date,
    activity.last_activity_date,
    coalesce(allowed.consents_in_force, 0) as consents_in_force,
    allowed.allowed_uses,
    coalesce(waiting.duplicates_waiting, 0) as duplicates_waiting,
    {{ share_pct('golden.given_columns', 'golden.told_columns') }} as quality_pct,
    {{ cut_off() }} as known_at
from {{ ref('int_customer_golden') }} as golden
{% for part in ('activity', 'allowed', 'contacts', 'addresses', 'parents', 'waiting') -%}
left join {{ part }} on {{ part }}.client_id = golden.client_id and {{ part }}.golden_id = golden.golden_id
{% endfor %}
