with shared as (
    select
        *,
        count(*) over same_key as members,
        min(source || '/' || customer_id) over same_key as first_member
    from {{ ref('int_customer_keys') }}
    window same_key as (partition by client_id, rule_code, match_key)
)

select
    client_id,
    rule_code,
    dense_rank() over (partition by client_id, rule_code order by first_member) as group_number,
    members,
    source,
    customer_id,
    {{ cut_off() }} as known_at
from shared
where members > 1
