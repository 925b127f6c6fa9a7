-- Of every place of a list in core's newest period, the newest day.
with core as (
    select
        client_id, _source as source, location_id, _period, max(snapshot_date) as last_date,
        max(_period) over (partition by client_id, _source) as newest_period
    from {{ source('core', 'shipments_stock') }}
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
    where {{ known_at_cut_off() }} and snapshot_date <= {{ today() }}
    group by client_id, _source, location_id, _period
),

mart as (
    select
        client_id, source, location_id, max(position_date) as position_date,
        bool_and((book_quantity is null) = (book_difference_quantity is null) or on_hand_quantity is null) as is_compared
    from {{ whole(ref('rpt_stock_position')) }} as whole
    where basis_code = 'list'
    group by client_id, source, location_id
)

select client_id, source, location_id, last_date, position_date
from core
left join mart using (client_id, source, location_id)
where _period = newest_period and (position_date is distinct from last_date or not is_compared)
