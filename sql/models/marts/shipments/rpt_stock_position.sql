-- Places of which there are lists are as the newest list says, with the movements beside it; all other places are as the movements
-- make them. What two sources list at one place counts once, see int_stock_lists.
with listed as (
    select
        stock.client_id,
        stock.source,
        stock.location_id,
        stock.product_id,
        max(stock.list_date) as position_date,
        count(*) as lots,
        case when bool_and(quantity is not null) and (min(product.product_id) is not null or count(distinct coalesce(unit_code, '')) = 1)
            then sum(quantity) end as on_hand_quantity,
        sum(coalesce(reserved, 0)) as reserved_quantity,
        sum(quantity) filter (where expiry_date < {{ today() }}) as expired_quantity,
        sum(case when expiry_date < {{ today() }} then 0 else quantity - coalesce(reserved, 0) end) as available_quantity,
        sum(amount) as amount,
        min(stock.currency_code) filter (where quantity <> 0) as first_currency,
        max(stock.currency_code) filter (where quantity <> 0) as last_currency,
        count(*) filter (where quantity <> 0 and (amount is null or stock.currency_code is null)) as without_value,
        min(value_basis_code) as first_basis,
        max(value_basis_code) as last_basis,
        coalesce(bool_or(is_newest_elsewhere), false) as is_listed_elsewhere
    from {{ ref('int_stock_lists') }} as stock
    left join {{ ref('int_products') }} as product using (client_id, product_id)
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
    where is_newest
    group by stock.client_id, stock.source, stock.location_id, stock.product_id
),

-- What a list leaves out although it came in is missed at the list of that place that is the newest.
places as (
    select distinct on (client_id, location_id) client_id, location_id, source, position_date
    from listed
    order by client_id, location_id, position_date desc, source
),

dates as (
    select client_id, location_id, product_id, max(position_date) as position_date
    from (
        select client_id, location_id, product_id, position_date from listed
        union all
        select client_id, location_id, product_id, position_date
        from {{ ref('int_stock_movements') }}
        join places using (client_id, location_id)
    ) as all_of_place
    group by client_id, location_id, product_id
),

booked as (
    select
        client_id,
        location_id,
        product_id,
        position_date,
        case when not bool_or(quantity is null)
            then coalesce(sum(quantity) filter (where movement_date <= position_date), 0) end as book_quantity,
        case when not bool_or(quantity is null)
            then coalesce(sum(quantity) filter (where movement_date > position_date), 0) end as moved_since_quantity
    from {{ ref('int_stock_movements') }}
    join dates using (client_id, location_id, product_id)
    group by client_id, location_id, product_id, position_date
),

by_lists as (
    select
        client_id,
        coalesce(listed.source, places.source) as source,
        location_id,
        product_id,
        coalesce(listed.position_date, booked.position_date) as position_date,
        coalesce(lots, 0) as lots,
        case when listed.client_id is null then 0 else on_hand_quantity end as on_hand_quantity,
        coalesce(reserved_quantity, 0) as reserved_quantity,
        coalesce(expired_quantity, 0) as expired_quantity,
        coalesce(available_quantity, 0) as available_quantity,
        book_quantity,
        moved_since_quantity,
        case
            when listed.client_id is null then 'not_listed'
            when is_listed_elsewhere then 'listed_elsewhere'
            when on_hand_quantity is null then 'unknown_unit'
            when first_currency <> last_currency then 'several_currencies'
            when on_hand_quantity < 0 then 'negative_stock'
            when without_value > 0 then 'no_cost'
            else 'valued'
        end as status_code,
        amount,
        first_currency as currency_code,
        case when first_basis = last_basis then first_basis else 'several' end as value_basis_code
    from listed
    full join booked using (client_id, location_id, product_id)
    left join places using (client_id, location_id)
    where listed.client_id is not null or book_quantity + moved_since_quantity <> 0
),

costs as (
    select distinct on (client_id, source, product_id)
        client_id, source, product_id, status_code, currency_code,
        stock_amount / nullif(on_hand_quantity, 0) as cost_amount
    from {{ ref('rpt_inventory_valuation') }}
    order by client_id, source, product_id, month_end_date desc
),

moved as (
    select
        client_id,
        movement.source,
        location_id,
        product_id,
        case when not bool_or(quantity is null) then sum(quantity) end as on_hand_quantity
    from {{ ref('int_stock_movements') }} as movement
    left join places using (client_id, location_id)
    where places.client_id is null
    group by client_id, movement.source, location_id, product_id
),

by_movements as (
    select moved.*, costs.status_code, costs.currency_code, costs.cost_amount
    from moved
    left join costs using (client_id, source, product_id)
    where on_hand_quantity is distinct from 0
),

positions as (
    select
        client_id, source, location_id, product_id, 'list' as basis_code, position_date, lots, on_hand_quantity, reserved_quantity,
        expired_quantity, available_quantity, book_quantity, moved_since_quantity, status_code,
        case when status_code in ('valued', 'not_listed') then coalesce(amount, 0) end as stock_amount, currency_code, value_basis_code
    from by_lists
    union all
    select
        client_id, source, location_id, product_id, 'movements', {{ today() }}, null, on_hand_quantity, null, null, on_hand_quantity,
        on_hand_quantity, 0,
        case
            when on_hand_quantity is null then 'unknown_unit'
            when on_hand_quantity < 0 then 'negative_stock'
            when status_code = 'valued' and cost_amount is null then 'no_cost'
            else coalesce(status_code, 'no_cost')
        end,
        case when on_hand_quantity > 0 and status_code = 'valued' then round(on_hand_quantity * cost_amount, 2) end,
        currency_code, 'valuation'
    from by_movements
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
)

select
    client_id,
    source,
    location_id,
    product_id,
    product.product_name,
    product.product_group_name,
    product.base_unit_code,
    basis_code,
    position_date,
    status_code,
    lots::integer as lots,
    on_hand_quantity::numeric(20, 4) as on_hand_quantity,
    reserved_quantity::numeric(20, 4) as reserved_quantity,
    expired_quantity::numeric(20, 4) as expired_quantity,
    case when on_hand_quantity is not null then available_quantity end::numeric(20, 4) as available_quantity,
    book_quantity::numeric(20, 4) as book_quantity,
    (on_hand_quantity - book_quantity)::numeric(20, 4) as book_difference_quantity,
    moved_since_quantity::numeric(20, 4) as moved_since_quantity,
    product.reorder_quantity::numeric(20, 4) as reorder_quantity,
    case when bool_and(on_hand_quantity is not null or status_code = 'listed_elsewhere') over everywhere
        then coalesce(sum(available_quantity) filter (where status_code <> 'listed_elsewhere') over everywhere, 0)
            <= product.reorder_quantity end as is_to_reorder,
    position.currency_code,
    case when status_code = 'valued' then value_basis_code end as value_basis_code,
    stock_amount::numeric(24, 2) as stock_amount,
    {{ cut_off() }} as known_at
from positions as position
left join {{ ref('int_products') }} as product using (client_id, product_id)
window everywhere as (partition by client_id, product_id)
