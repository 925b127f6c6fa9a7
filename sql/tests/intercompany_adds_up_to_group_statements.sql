-- What a company is owed by all others is the line of its statements, but for the cents that each pair is rounded by.
with pairs as (
    select
        client_id, entity_code, group_currency, group_month, count(*) as pairs,
        sum(receivable_amount) as receivable_amount, sum(revenue_amount) as revenue_amount
    from {{ ref('rpt_intercompany') }}
    group by client_id, entity_code, group_currency, group_month
    having bool_and(is_converted)
),

statements as (
    select
        client_id, entity_code, group_currency, group_month,
        sum(amount) filter (where account_class_code = 'intercompany_receivable') as receivable_amount,
        sum(month_amount) filter (where account_class_code = 'intercompany_revenue') as revenue_amount
    from {{ ref('rpt_group_statements') }}
    where is_converted
    group by client_id, entity_code, group_currency, group_month
)

select client_id, entity_code, group_currency, group_month
from pairs
join statements using (client_id, entity_code, group_currency, group_month)
where
    abs(pairs.receivable_amount - coalesce(statements.receivable_amount, 0)) > 0.01 * pairs.pairs
    or abs(pairs.revenue_amount - coalesce(statements.revenue_amount, 0)) > 0.01 * pairs.pairs
