-- Moves between places of the client change no value and are left out, when what left has arrived. The cost of an inflow without
-- one of its own is that of the inflow before it: found again, brought back, made.
with moved as (
    select
        client_id,
        source,
        product_id,
        movement_id,
        movement_date,
        movement_kind_code,
        moved_quantity * base_units as quantity,
        unit_cost_amount / nullif(base_units, 0) as cost_amount,
        currency_code,
        base_units is null as is_unknown_unit
    from {{ with_base_units(ref('stg_shipments__stock_movements')) }} as movement
    where movement_kind_code not in ('transfer_in', 'transfer_out')
),

placed as (
    select
        *,
        row_number() over (
            partition by client_id, source, product_id
            order by movement_date, movement_kind_code <> 'opening', quantity < 0, movement_id
        ) as place
    from moved
    where quantity <> 0 or is_unknown_unit
),

costed as (
    select *, count(cost_amount) filter (where quantity > 0) over (
        partition by client_id, source, product_id order by place
    ) as costs
    from placed
)

select
    client_id,
    source,
    product_id,
    place,
    movement_id,
    movement_date,
    movement_kind_code,
    quantity,
    case
        when quantity > 0
            then coalesce(
                cost_amount,
                first_value(case when quantity > 0 then cost_amount end) over (
                    partition by client_id, source, product_id, costs order by place
                ))
    end as cost_amount,
    currency_code,
    is_unknown_unit
from costed
