-- Moves between places of the client change no value: where a source shows both ends of them, they are left out. Where it shows
-- one end only, they are what comes from and goes to places that it does not keep.
-- An inflow without a cost of its own (found again, brought back, made) has that of the inflow before it; before any cost is known,
-- the standard cost of the product.
with with_both_ends as (
    select client_id, source
    from {{ ref('int_stock_movements') }}
    where movement_kind_code in ('transfer_in', 'transfer_out')
    group by client_id, source
    having count(distinct movement_kind_code) = 2
),

-- A number is compared faster than three names: of a million movements sorting is most of the work.
products as (
    select client_id, source, product_id, row_number() over () as product_number
    from (select distinct client_id, source, product_id from {{ ref('int_stock_movements') }}) as product
),

placed as (
    select
        *,
        row_number() over (
            order by product_number, movement_date, movement_kind_code <> 'opening', quantity < 0, movement_id
        ) as place
    from {{ ref('int_stock_movements') }}
    join products using (client_id, source, product_id)
    where
        quantity is distinct from 0
        and (
            movement_kind_code not in ('transfer_in', 'transfer_out')
            or (client_id, source) not in (select client_id, source from with_both_ends)
        )
),

inflows as (
    select
        client_id,
        source,
        product_id,
        product_number,
        place,
        movement_id,
        movement_date,
        movement_kind_code,
        quantity,
        case when quantity > 0 then amount end as own_amount,
        case when quantity > 0 and amount is not null then currency_code end as own_currency,
        count(amount) filter (where quantity > 0) over so_far as costs,
        min(currency_code) filter (where quantity > 0 and amount is not null) over product as usual_currency
    from placed
    window
        product as (partition by product_number),
        so_far as (partition by product_number order by place)
),

costed as (
    select
        inflows.*,
        case
            when costs > 0
                then first_value(own_amount / nullif(quantity, 0)) over (
                    partition by product_number, costs order by place)
            when coalesce(usual_currency, product.currency_code) is not distinct from product.currency_code
                then product.standard_cost_amount
        end as other_cost_amount,
        coalesce(own_currency, usual_currency, product.currency_code) as currency_code
    from inflows
    left join {{ ref('int_products') }} as product using (client_id, product_id)
)

select
    client_id,
    source,
    product_id,
    product_number,
    place,
    movement_id,
    movement_date,
    movement_kind_code,
    quantity,
    case when quantity > 0 then coalesce(own_amount, round(quantity * other_cost_amount, 10)) end as amount,
    currency_code
from costed
