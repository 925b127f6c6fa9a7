{%- set keys = 'client_id, level_code, source, product_id, currency_code' %}
-- A month's average is that of its begin and its end, twelve months' that of the begin and all their ends. A total is of the products
-- whose value is known at both ends of the month.
with products as (
    select
        client_id,
        source,
        product_id,
        product_name,
        month_end_date,
        least(month_end_date, {{ today() }}) as until_date,
        currency_code,
        case when row_number() over months = 1 then opened_amount else lag(stock_amount) over months end as begin_amount,
        stock_amount as end_amount,
        used_amount
    from {{ ref('rpt_inventory_valuation') }}
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
    window months as (partition by client_id, source, product_id order by month_end_date)
),

known as (
    select
        *,
        begin_amount + end_amount + used_amount is not null as is_known,
        count(*) filter (where currency_code is null) over (partition by client_id, month_end_date) as without_currency
    from products
),

levels as (
    select
        'product' as level_code, client_id, source, product_id, product_name, currency_code, month_end_date, until_date,
        begin_amount, end_amount, used_amount, is_known::integer as products, 1 - is_known::integer as products_not_known
    from known
    union all
    select
        'total', client_id, null, null, null, currency_code, month_end_date, max(until_date),
        sum(begin_amount) filter (where is_known), sum(end_amount) filter (where is_known), sum(used_amount) filter (where is_known),
        count(*) filter (where is_known), count(*) filter (where not is_known) + max(without_currency)
    from known
    where currency_code is not null
    group by client_id, currency_code, month_end_date
),

-- Where every month of the year is known: a sum over some of its months is none of it.
years as (
    select
        *,
        (until_date - date_trunc('month', month_end_date)::date + 1) as days,
        (begin_amount + end_amount) / 2 as average_amount,
        count(*) over twelve as months_counted,
        until_date - min(date_trunc('month', month_end_date)::date) over twelve + 1 as days_12_months,
        case when count(used_amount) over twelve = count(*) over twelve then sum(used_amount) over twelve end as used_12_months_amount,
        case when count(end_amount) over twelve = count(*) over twelve
            then (first_value(begin_amount) over twelve + sum(end_amount) over twelve) / (count(*) over twelve + 1)
        end as average_12_months_amount
    from levels
    window twelve as (
        partition by {{ keys }} order by month_end_date range between interval '11 months' preceding and current row
    )
)

select
    client_id,
    level_code,
    source,
    product_id,
    product_name,
    currency_code,
    month_end_date,
    products::integer as products,
    products_not_known::integer as products_not_known,
    used_amount::numeric(24, 2) as used_amount,
    end_amount::numeric(24, 2) as stock_amount,
    round(average_amount, 2)::numeric(24, 2) as average_amount,
    round(used_amount / nullif(average_amount, 0), 4)::numeric(24, 4) as turnover,
    round(average_amount / case when used_amount > 0 then used_amount end * days, 1)::numeric(24, 1) as days_on_hand,
    months_counted::integer as months_counted,
    used_12_months_amount::numeric(24, 2) as used_12_months_amount,
    round(average_12_months_amount, 2)::numeric(24, 2) as average_12_months_amount,
    round(used_12_months_amount / nullif(average_12_months_amount, 0), 4)::numeric(24, 4) as turnover_12_months,
    round(average_12_months_amount / case when used_12_months_amount > 0 then used_12_months_amount end * days_12_months, 1)::numeric(24, 1)
        as days_on_hand_12_months,
    {{ cut_off() }} as known_at
from years
