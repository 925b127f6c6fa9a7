-- A movement that two periods name is as the newest of them says; one of a day to come does not count yet. Opening stock counts
-- once: files that begin with the stock of before state it again for every period.
-- Where no list of products says which unit stock is kept in, movements of one product in several units have no common one, and
-- none of them is counted as another.
with known as (
    select movement.*
    from {{ newest(ref('stg_shipments__stock_movements'), ['client_id', 'source', 'movement_id']) }} as movement
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
    where movement_date <= {{ today() }}
),

openings as (
    select client_id, source, product_id, location_id, min(movement_date) as movement_date
    from known
    where movement_kind_code = 'opening'
    group by client_id, source, product_id, location_id
),

newest as (
    select *
    from known
    where
        movement_kind_code <> 'opening'
        or (client_id, source, product_id, location_id, movement_date) in (
            select client_id, source, product_id, location_id, movement_date from openings)
),

of_many_units as (
    select client_id, source, product_id
    from newest
    left join {{ ref('int_products') }} as listed using (client_id, product_id)
    where listed.product_id is null
    group by client_id, source, product_id
    having min(coalesce(unit_code, '')) < max(coalesce(unit_code, ''))
)

select
    client_id,
    source,
    movement_id,
    movement_date,
    location_id,
    product_id,
    movement_kind_code,
    case when many.product_id is null then moved_quantity * base_units end as quantity,
    moved_quantity * unit_cost_amount as amount,
    currency_code
from {{ with_base_units('newest') }} as movement
left join of_many_units as many using (client_id, source, product_id)
