{%- set product = 'client_id, source, product_id' %}
-- The value of what has left by first in, first out is the value of the first units that came in, as many as have left: one point on the
-- line of cumulative cost over cumulative quantity. So no issue is matched with its layers one by one.
with stock as (
    select
        flow.*,
        sum(greatest(quantity, 0)) over so_far as in_quantity,
        sum(greatest(-quantity, 0)) over so_far as out_quantity,
        sum(greatest(quantity, 0) * cost_amount) over so_far as in_amount,
        count(*) filter (where quantity > 0 and cost_amount is null) over so_far as uncosted_inflows,
        count(*) filter (where is_unknown_unit) over so_far as unknown_units,
        min(currency_code) over product as product_currency,
        min(currency_code) over product <> max(currency_code) over product as has_currencies,
        ops.moving_stock(quantity, cost_amount) over so_far as average
    from {{ ref('int_stock_flows') }} as flow
    window
        product as (partition by {{ product }}),
        so_far as (partition by {{ product }} order by place)
),

products as (
    select
        client_id,
        source,
        product_id,
        date_trunc('month', min(movement_date)) as first_month,
        date_trunc('month', greatest(max(movement_date), max(client.as_of_date))) as last_month
    from {{ ref('int_stock_flows') }}
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
    group by client_id, source, product_id
),

months as (
    select {{ product }}, (month + interval '1 month')::date - 1 as month_end_date
    from products
    cross join lateral generate_series(first_month, last_month, interval '1 month') as month
),

last_places as (
    select {{ product }}, (date_trunc('month', movement_date) + interval '1 month')::date - 1 as month_end_date, max(place) as place
    from {{ ref('int_stock_flows') }}
    group by 1, 2, 3, 4
),

standing as (
    select {{ product }}, month_end_date, max(place) over (partition by {{ product }} order by month_end_date) as place
    from months
    left join last_places using ({{ product }}, month_end_date)
),

-- Points and layers from the top: a point lies in the layer that as many layers reach up to.
points as (
    select {{ product }}, out_quantity as at_quantity, null::bigint as place
    from (
        select distinct {{ product }}, out_quantity
        from standing
        join stock using ({{ product }}, place)
    ) as left_by
    union all
    select {{ product }}, in_quantity, place
    from stock
    where quantity > 0
),

counted as (
    select
        *,
        count(place) over (
            partition by {{ product }} order by at_quantity desc, place nulls last rows unbounded preceding
        ) as layers
    from points
),

left_amounts as (
    select
        point.client_id,
        point.source,
        point.product_id,
        point.at_quantity as out_quantity,
        layer.place as layer_place,
        value.in_amount - (value.in_quantity - point.at_quantity) * value.cost_amount as out_amount
    from counted as point
    join counted as layer using ({{ product }}, layers)
    join stock as value
        on value.client_id = layer.client_id and value.source = layer.source and value.product_id = layer.product_id
        and value.place = layer.place
    where point.place is null and layer.place is not null
),

valued as (
    select
        standing.*,
        value.in_quantity,
        value.out_quantity,
        value.in_quantity - value.out_quantity as on_hand_quantity,
        value.in_amount,
        value.average,
        value.product_currency,
        left_amounts.out_amount,
        case
            when value.unknown_units > 0 then 'unknown_unit'
            when value.has_currencies then 'several_currencies'
            when value.uncosted_inflows > 0 then 'no_cost'
            when value.out_quantity > value.in_quantity then 'negative_stock'
            else 'valued'
        end as status_code
    from standing
    join stock as value using ({{ product }}, place)
    left join left_amounts using ({{ product }}, out_quantity)
),

told as (
    select
        *,
        case when status_code = 'valued' then round(in_amount - out_amount, 2) end as fifo_amount,
        case when status_code = 'valued' then round(average[2], 2) end as average_amount,
        case when status_code = 'valued' then round(in_amount, 2) end as received_so_far_amount
    from valued
)

select
    client_id,
    source,
    product_id,
    product.product_name,
    product.product_group_name,
    month_end_date,
    product_currency as currency_code,
    status_code,
    on_hand_quantity::numeric(20, 4) as on_hand_quantity,
    ({{ in_month('in_quantity') }})::numeric(20, 4) as in_quantity,
    ({{ in_month('out_quantity') }})::numeric(20, 4) as out_quantity,
    ({{ in_month('received_so_far_amount') }})::numeric(24, 2) as in_amount,
    fifo_amount::numeric(24, 2) as fifo_amount,
    ({{ in_month('(received_so_far_amount - fifo_amount)') }})::numeric(24, 2) as fifo_out_amount,
    average_amount::numeric(24, 2) as average_amount,
    ({{ in_month('(received_so_far_amount - average_amount)') }})::numeric(24, 2) as average_out_amount,
    case when status_code = 'valued' then round(average[3], 6) end::numeric(20, 6) as average_cost_amount,
    coalesce(client.valuation_method, 'fifo') as valuation_method,
    case coalesce(client.valuation_method, 'fifo') when 'fifo' then fifo_amount else average_amount end::numeric(24, 2)
        as stock_amount,
    {{ cut_off() }} as known_at
from told
left join {{ ref('int_products') }} as product using (client_id, product_id)
left join {{ ref('stg_ops__clients') }} as client using (client_id)
window months as (partition by {{ product }} order by month_end_date)
