-- Each current customer of each source with the golden record it belongs to, and its place among the members: the most
-- recently changed first. Also of a customer that was loaded after matching ran: it stands alone until the next time.
with trust as (
    select client.client_id, listed.source, listed.place
    from {{ ref('stg_ops__clients') }} as client
    cross join lateral jsonb_array_elements_text(client.trusted_sources) with ordinality as listed (source, place)
),

records as (
    select
        customer.*,
        coalesce(member.golden_id, {{ not_matched_yet('customer.source', 'customer.customer_id') }}) as golden_id,
        coalesce(member.linked_by, 'not_yet') as linked_by,
        member.linked_at,
        coalesce(trust.place, 1000000)::integer as trust_place,
        {% for column in golden_columns() -%}
        ({{ column }} is not null)::integer{{ ' + ' if not loop.last else ' as given_columns' }}
        {% endfor %}
    from {{ ref('stg_clients__customers') }} as customer
    left join {{ ref('stg_clients__golden_members') }} as member
        on member.client_id = customer.client_id and member.source = customer.source
        and member.customer_id = customer.customer_id
    left join trust on trust.client_id = customer.client_id and trust.source = customer.source
)

select
    *,
    count(*) over (partition by client_id, golden_id) as members,
    row_number() over (
        partition by client_id, golden_id
        order by changed_at desc nulls last, known_from desc, trust_place, source, customer_id
    ) as place
from records
