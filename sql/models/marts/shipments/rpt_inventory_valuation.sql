{%- set methods = ['fifo', 'average'] %}
-- The value of what has left by first in, first out is the value of the first units that came in, as many as have left: one point on the
-- line of cumulative cost over cumulative quantity. So no issue is matched with its layers one by one.
with moved as (
    select
        flow.*,
        sum(greatest(quantity, 0)) over so_far as in_quantity,
        sum(greatest(-quantity, 0)) over so_far as out_quantity,
        coalesce(sum(amount) over so_far, 0) as in_amount,
        sum(case when movement_kind_code = 'opening' then amount else 0 end) over so_far as opened_amount,
        sum(case when movement_kind_code in ('issue', 'production_out') then greatest(-quantity, 0) else 0 end) over so_far
            as issued_quantity,
        sum(case when movement_kind_code = 'return_in' then greatest(quantity, 0) else 0 end) over so_far as returned_quantity,
        sum(case when movement_kind_code = 'return_in' then amount else 0 end) over so_far as returned_amount,
        count(*) filter (where quantity > 0 and amount is null) over so_far as uncosted_inflows,
        count(*) filter (where quantity is null) over so_far as unknown_units,
        min(currency_code) filter (where amount is not null) over so_far as first_currency,
        max(currency_code) filter (where amount is not null) over so_far as last_currency,
        ops.moving_stock(quantity, amount) over so_far as average
    from {{ ref('int_stock_flows') }} as flow
    window so_far as (partition by product_number order by place)
),

-- Of layers without a cost the last one matters: what is on hand has a value again when it has left.
stock as materialized (
    select *
    from (
        select
            *,
            max(in_quantity) filter (where quantity > 0 and amount is null) over so_far as uncosted_up_to_quantity,
            month is distinct from lead(month) over so_far as is_last_of_month
        from (select *, date_trunc('month', movement_date) as month from moved) as by_month
        window so_far as (partition by product_number order by place)
    ) as balance
    where quantity > 0 or is_last_of_month
),

month_ends as (
    select
        stock.*,
        coalesce(client.valuation_method, 'fifo') as valuation_method,
        coalesce(
            lead(month) over (partition by product_number order by place) - interval '1 month',
            date_trunc('month', {{ today() }})) as last_month
    from stock
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
    where is_last_of_month
),

-- Points and layers from the top: a point lies in the last layer that reaches up to it, which is the first one in.
points as (
    select
        place,
        min(layer_place) over (
            partition by product_number order by at_quantity desc, layer_place nulls last rows unbounded preceding
        ) as layer_place
    from (
        select product_number, out_quantity as at_quantity, place, null::bigint as layer_place
        from stock
        where is_last_of_month
        union all
        select product_number, in_quantity, null, place
        from stock
        where quantity > 0
    ) as both_kinds
),

left_amounts as (
    select
        point.place,
        layer.in_amount
        - coalesce(layer.amount, 0) * (layer.in_quantity - at.out_quantity) / layer.quantity as out_amount
    from points as point
    join stock as at on at.place = point.place
    join stock as layer on layer.place = point.layer_place
),

judged as (
    select
        client_id,
        source,
        product_id,
        product_number,
        row_number() over (order by product_number, month.month) as ordinal,
        (month.month + interval '1 month')::date - 1 as month_end_date,
        round(in_quantity, 4) as in_quantity,
        round(out_quantity, 4) as out_quantity,
        round(in_quantity, 4) - round(out_quantity, 4) as on_hand_quantity,
        issued_quantity,
        returned_quantity,
        uncosted_inflows,
        average,
        left_amounts.out_amount,
        round(in_amount, 2) as in_amount,
        round(opened_amount, 2) as opened_amount,
        round(returned_amount, 2) as returned_amount,
        case when first_currency = last_currency then first_currency end as currency_code,
        in_amount as exact_in_amount,
        unknown_units > 0 or (first_currency <> last_currency) is true as has_no_amount,
        {%- for method in methods %}
        case
            when unknown_units > 0 then 'unknown_unit'
            when first_currency <> last_currency then 'several_currencies'
            when out_quantity > in_quantity then 'negative_stock'
            when {{ 'uncosted_up_to_quantity > out_quantity' if method == 'fifo' else 'average[2] is null' }} then 'no_cost'
            else 'valued'
        end as {{ method }}_code,
        {%- endfor %}
        valuation_method
    from month_ends
    left join left_amounts using (place)
    cross join lateral generate_series(month_ends.month, last_month, interval '1 month') as month (month)
),

valued as (
    select
        *,
        case when fifo_code = 'valued' then round(exact_in_amount - out_amount, 2) end as fifo_amount,
        case when average_code = 'valued' then round(average[2], 2) end as average_amount,
        case valuation_method when 'fifo' then fifo_code else average_code end as status_code,
        {%- for method in methods %}
        max(ordinal) filter (where {{ method }}_code = 'valued') over earlier as {{ method }}_before_ordinal,
        {%- endfor %}
        lag(in_quantity, 1, 0) over months as in_quantity_before,
        lag(out_quantity, 1, 0) over months as out_quantity_before,
        lag(in_amount, 1, 0) over months as in_amount_before,
        lag(opened_amount, 1, 0) over months as opened_amount_before,
        lag(issued_quantity - returned_quantity, 1, 0) over months as used_quantity_before,
        lag(uncosted_inflows, 1, 0) over months as uncosted_inflows_before
    from judged
    window
        months as (partition by product_number order by ordinal),
        earlier as (partition by product_number order by ordinal rows between unbounded preceding and 1 preceding)
),

-- What left is what came in and is not there any more, since the month end before whose value is known: while stock was short, the cost
-- of what had left was not. Inflows without a cost between the two leave it unknown.
left_in_month as (
    select
        value.*,
        {%- for method in methods %}
        case
            when value.{{ method }}_code = 'valued'
                and value.uncosted_inflows = coalesce({{ method }}_before.uncosted_inflows, 0)
            then value.in_amount - value.{{ method }}_amount
                - coalesce({{ method }}_before.in_amount - {{ method }}_before.{{ method }}_amount, 0)
        end as {{ method }}_out_amount,
        value.out_quantity - coalesce({{ method }}_before.out_quantity, 0) as {{ method }}_out_quantity,
        value.issued_quantity - coalesce({{ method }}_before.issued_quantity, 0) as {{ method }}_issued_quantity,
        value.returned_amount - coalesce({{ method }}_before.returned_amount, 0) as {{ method }}_returned_amount
        {{- ',' if not loop.last }}
        {%- endfor %}
    from valued as value
    {%- for method in methods %}
    left join valued as {{ method }}_before on {{ method }}_before.ordinal = value.{{ method }}_before_ordinal
    {%- endfor %}
)

select
    client_id,
    source,
    product_id,
    product.product_name,
    product.product_group_name,
    month_end_date,
    value.currency_code,
    status_code,
    on_hand_quantity::numeric(20, 4) as on_hand_quantity,
    (in_quantity - in_quantity_before)::numeric(20, 4) as in_quantity,
    (out_quantity - out_quantity_before)::numeric(20, 4) as out_quantity,
    (issued_quantity - returned_quantity - used_quantity_before)::numeric(20, 4) as used_quantity,
    case when not has_no_amount and uncosted_inflows = uncosted_inflows_before
        then in_amount - in_amount_before end::numeric(24, 2) as in_amount,
    case when not has_no_amount and uncosted_inflows = uncosted_inflows_before
        then opened_amount - opened_amount_before end::numeric(24, 2) as opened_amount,
    fifo_amount::numeric(24, 2) as fifo_amount,
    fifo_out_amount::numeric(24, 2) as fifo_out_amount,
    average_amount::numeric(24, 2) as average_amount,
    average_out_amount::numeric(24, 2) as average_out_amount,
    case when average_code = 'valued' then round(average[3], 6) end::numeric(20, 6) as average_cost_amount,
    valuation_method,
    case valuation_method when 'fifo' then fifo_amount else average_amount end::numeric(24, 2) as stock_amount,
    case valuation_method when 'fifo' then fifo_out_amount else average_out_amount end::numeric(24, 2) as out_amount,
    case valuation_method
        {%- for method in methods %}
        when '{{ method }}'
            then round(
                {{ method }}_out_amount * coalesce({{ method }}_issued_quantity / nullif({{ method }}_out_quantity, 0), 0), 2)
                - {{ method }}_returned_amount
        {%- endfor %}
    end::numeric(24, 2) as used_amount,
    {{ cut_off() }} as known_at
from left_in_month as value
left join {{ ref('int_products') }} as product using (client_id, product_id)
