-- In groups ≤ with a key ≤ customers, and a group has at least two customers.
select *
from {{ ref('rpt_customer_duplicates') }}
where
    customers_in_groups > customers_with_key
    or customers_with_key > customers
    or customers_in_groups < 2 * duplicate_groups
    or surplus_customers <> customers_in_groups - duplicate_groups
