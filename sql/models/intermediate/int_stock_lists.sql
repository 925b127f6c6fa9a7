-- Lists of stock with value and base units: of a position that two periods name, as the newer of them says. A list is the whole of a
-- place: what it leaves out is not there. Where no position of a source and period stands on two days, its days are those of
-- the rows (last counted, last changed), and all of them are one list of the newest of these days.
-- The value is that of the list, else its cost, else the standard cost of the product.
-- What two sources list at one place is there once: the list of the later day counts, or of the first source of one day.
with known as (
    select distinct on (client_id, source, location_id, product_id, snapshot_date, lot_id) stock.*
    from {{ ref('stg_shipments__stock') }} as stock
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
    where snapshot_date <= {{ today() }}
    order by client_id, source, location_id, product_id, snapshot_date, lot_id, period desc nulls last
),

kinds as (
    select
        client_id,
        source,
        period,
        count(*) > count(distinct (location_id, product_id, lot_id)) as has_several_days
    from known
    group by client_id, source, period
),

listed as (
    select
        known.*,
        case when has_several_days then snapshot_date
            else max(snapshot_date) over (partition by known.client_id, known.source, known.period, location_id)
        end as list_date,
        known.period is not distinct from max(known.period) over (partition by known.client_id, known.source) as is_of_newest_period
    from known
    join kinds
        on kinds.client_id = known.client_id and kinds.source = known.source and kinds.period is not distinct from known.period
),

valued as (
    select
        stock.*,
        product.product_name,
        stock.on_hand_quantity * base_units as quantity,
        stock.reserved_quantity * base_units as reserved,
        coalesce(
            stock.stock_amount,
            round(stock.on_hand_quantity * stock.unit_cost_amount, 2),
            round(stock.on_hand_quantity * base_units * product.standard_cost_amount, 2)) as amount,
        case
            when stock.stock_amount is not null then 'stated'
            when stock.unit_cost_amount is not null then 'list_cost'
            when product.standard_cost_amount is not null and base_units is not null then 'standard_cost'
        end as value_basis_code,
        case when stock.stock_amount is null and stock.unit_cost_amount is null then product.currency_code
            else coalesce(stock.currency_code, product.currency_code) end as amount_currency
    from {{ with_base_units('listed') }} as stock
    left join {{ ref('int_products') }} as product using (client_id, product_id)
),

dated as (
    select
        client_id,
        source,
        location_id,
        product_id,
        lot_id,
        snapshot_date,
        list_date,
        expiry_date,
        unit_code,
        quantity,
        reserved,
        amount,
        value_basis_code,
        amount_currency as currency_code,
        is_of_newest_period
        and list_date = max(list_date) filter (where is_of_newest_period) over (partition by client_id, source, location_id)
            as is_newest,
        list_date = max(list_date) over (partition by client_id, source, location_id, date_trunc('month', list_date))
            as is_last_of_month
    from valued
)

select
    *,
    is_newest and source <> first_value(source) over (
        partition by client_id, location_id, product_id, is_newest order by list_date desc, source
    ) as is_newest_elsewhere,
    is_last_of_month and source <> first_value(source) over (
        partition by client_id, location_id, product_id, is_last_of_month, date_trunc('month', list_date)
        order by list_date desc, source
    ) as is_last_of_month_elsewhere
from dated
