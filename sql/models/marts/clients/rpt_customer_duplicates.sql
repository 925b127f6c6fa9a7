with customers as (
    select client_id, count(*) as customers
    from {{ ref('stg_clients__customers') }}
    group by client_id
),

with_key as (
    select client_id, rule_code, count(*) as customers_with_key
    from {{ ref('int_customer_keys') }}
    group by client_id, rule_code
    union all
    select client_id, 'any', count(distinct (source, customer_id))
    from {{ ref('int_customer_keys') }}
    group by client_id
),

found as (
    select
        client_id,
        rule_code,
        count(distinct group_number) as duplicate_groups,
        count(*) as customers_in_groups,
        count(*) - count(distinct group_number) as surplus_customers
    from {{ ref('fct_customer_duplicates') }}
    group by client_id, rule_code
    union all
    select client_id, 'any', null, count(distinct (source, customer_id)), null
    from {{ ref('fct_customer_duplicates') }}
    group by client_id
)

select
    client_id,
    rule_code,
    customers,
    coalesce(customers_with_key, 0) as customers_with_key,
    case when rule_code <> 'any' then coalesce(duplicate_groups, 0) end as duplicate_groups,
    coalesce(customers_in_groups, 0) as customers_in_groups,
    case when rule_code <> 'any' then coalesce(surplus_customers, 0) end as surplus_customers,
    {{ cut_off() }} as known_at
from customers
cross join (values ('national_id'), ('email'), ('name_birth_date'), ('name_postal_code'), ('any')) as rule (rule_code)
left join with_key using (client_id, rule_code)
left join found using (client_id, rule_code)
