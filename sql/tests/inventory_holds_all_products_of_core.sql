-- Every product that anything but a move between places is known of, to the month of its newest movement up to today.
with known as (
    select distinct on (client_id, _source, movement_id) *
    from {{ source('core', 'shipments_stock_movements') }}
    where {{ known_at_cut_off() }}
    order by client_id, _source, movement_id, _period desc
),

core as (
    select client_id, _source as source, product_id, max(movement_date) as last_date
    from known
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
    where
        movement_kind_code not in ('transfer_in', 'transfer_out', 'opening') and moved_quantity <> 0
        and movement_date <= {{ today() }}
    group by client_id, _source, product_id
),

mart as (
    select client_id, source, product_id, max(month_end_date) as last_month
    from {{ whole(ref('rpt_inventory_valuation')) }} as whole
    group by client_id, source, product_id
)

select client_id, source, product_id, last_date, last_month
from core
left join mart using (client_id, source, product_id)
where last_month is null or last_month < last_date
