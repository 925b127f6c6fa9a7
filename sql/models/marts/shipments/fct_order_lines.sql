-- What arrived of a line is told by its delivery notes; without any by its shipment lines with a day of delivery; where the
-- client tells no day of delivery of any order of the source by the day it left.
-- Lines are joined by their key as one value: by its five columns the planner took a few and compared each line with all
-- arrivals of the client (54,000 lines took 62 s).
with demand as (
    select
        line.*,
        {{ order_line_key() }} as line_key,
        {{ today() }} as as_of_date,
        coalesce(client.on_time_against, 'promised') as on_time_against,
        client.on_time_early_days as early_days,
        coalesce(client.on_time_late_days, 0) as late_days,
        coalesce(line.order_status_code, '') in ('delivered', 'closed') as is_closed,
        {{ not_less_than_zero('line.ordered_quantity - line.cancelled_quantity') }} as wanted_quantity,
        {{ not_less_than_zero('line.ordered_quantity - line.cancelled_quantity') }}
        * (1 - coalesce(client.short_delivery_pct, 0) / 100) as enough_quantity,
        coalesce(line.order_status_code, '') = 'cancelled'
        or coalesce(line.cancelled_quantity >= line.ordered_quantity and line.cancelled_quantity > 0, false) as is_cancelled
    from {{ ref('int_order_demand') }} as line
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
),

-- What a source of orders is told at all of deliveries and of shipments.
tells as (
    select client_id, source, bool_or(is_delivery) as tells_deliveries
    from (
        select client_id, source, delivered_date is not null as is_delivery
        from {{ ref('int_fulfilment_events') }}
        where delivered_date is not null or shipped_date is not null
        union all
        select client_id, source, false
        from {{ ref('int_order_demand') }}
        where order_shipped_date is not null or told_shipped_quantity is not null
    ) as told
    group by client_id, source
),

-- The order of preference, 1 before 2 before 3 before 4.
evidence as (
    select
        {{ order_line_key() }} as line_key,
        client_id,
        source,
        case
            when event_kind_code = 'delivery_note' then 1
            when delivered_date is not null then 2
            else 3
        end as preference,
        coalesce(delivered_date, shipped_date) as event_date,
        quantity,
        accepted_quantity
    from {{ ref('int_fulfilment_events') }}
    where coalesce(delivered_date, shipped_date) is not null and quantity is distinct from 0
    union all
    select
        line_key,
        client_id,
        source,
        4,
        order_shipped_date,
        coalesce(told_shipped_quantity, wanted_quantity),
        coalesce(told_shipped_quantity, wanted_quantity)
    from demand
    where (order_shipped_date is not null or told_shipped_quantity > 0) and told_shipped_quantity is distinct from 0
),

preferred as (
    select
        *,
        min(preference) over (partition by line_key) as best
    from evidence
    left join tells using (client_id, source)
    where preference < 3 or not tells_deliveries
),

arrivals as (
    select
        demand.enough_quantity,
        event.*,
        sum(event.accepted_quantity) over (
            partition by line_key order by event.event_date nulls last
        ) as accepted_so_far
    from preferred as event
    join demand using (line_key)
    where event.preference = event.best
),

arrived as (
    select
        line_key,
        case min(preference) when 1 then 'delivery_note' when 2 then 'shipment' else 'shipped_date' end as delivery_basis_code,
        case when count(*) = count(quantity) then sum(quantity) end as delivered_quantity,
        case when count(*) = count(accepted_quantity) then sum(accepted_quantity) end as accepted_quantity,
        min(event_date) as first_date,
        max(event_date) as last_date,
        min(event_date) filter (where accepted_so_far >= enough_quantity) as completed_date,
        bool_or(event_date is null) as has_undated
    from arrivals
    group by line_key
),

-- What left: shipment lines, else what the order says.
shipped as (
    select
        {{ order_line_key() }} as line_key,
        case when count(*) = count(quantity) then sum(quantity) end as shipped_quantity,
        min(shipped_date) as shipped_date
    from {{ ref('int_fulfilment_events') }}
    where event_kind_code = 'shipment' and coalesce(shipped_date, delivered_date) is not null
    group by line_key
),

dated as (
    select
        demand.*,
        arrived.delivery_basis_code,
        arrived.first_date,
        arrived.last_date,
        arrived.completed_date,
        coalesce(arrived.has_undated, false) as has_undated,
        tells.client_id is not null as is_told,
        arrived.line_key is not null as has_arrived,
        case when arrived.line_key is null then 0 else arrived.delivered_quantity end as delivered_quantity,
        case when arrived.line_key is null then 0 else arrived.accepted_quantity end as accepted_quantity,
        coalesce(shipped.shipped_date, demand.order_shipped_date) as shipped_date,
        case
            when shipped.line_key is not null then shipped.shipped_quantity
            else coalesce(
                demand.told_shipped_quantity, case when demand.order_shipped_date is not null then demand.wanted_quantity end, 0)
        end as left_quantity,
        case demand.on_time_against
            when 'requested' then coalesce(demand.requested_date, demand.promised_date)
            else coalesce(demand.promised_date, demand.requested_date)
        end as due_date,
        case
            when demand.promised_date is null and demand.requested_date is null then null
            when demand.on_time_against = 'requested' and demand.requested_date is not null or demand.promised_date is null
                then 'requested'
            else 'promised'
        end as due_basis_code
    from demand
    left join arrived using (line_key)
    left join shipped using (line_key)
    left join tells using (client_id, source)
),

-- In full whenever, and the day that is judged: that on which enough had arrived, else the last so far.
filled as (
    select
        *,
        case
            when enough_quantity = 0 or accepted_quantity is null or not has_arrived then null
            else accepted_quantity >= enough_quantity
        end as is_filled,
        coalesce(completed_date, case when not has_undated then last_date end) as judged_date
    from dated
),

timed as (
    select
        filled.*,
        {{ days_between('filled.due_date', 'filled.judged_date', 'due_off', 'judged_off') }} as judged_days,
        {{ days_between('filled.due_date', 'filled.as_of_date', 'due_off', 'today_off') }} as days_so_far,
        is_closed or coalesce(
            {{ days_between('filled.due_date', 'filled.as_of_date', 'due_off', 'today_off') }} > late_days, false) as is_over
    from filled
    left join {{ ref('int_days_off') }} as due_off
        on due_off.client_id = filled.client_id and due_off.day = filled.due_date
    left join {{ ref('int_days_off') }} as judged_off
        on judged_off.client_id = filled.client_id and judged_off.day = filled.judged_date
    left join {{ ref('int_days_off') }} as today_off
        on today_off.client_id = filled.client_id and today_off.day = filled.as_of_date
),

judged as (
    select
        *,
        case
            when is_cancelled or due_date is null then null
            when judged_date is not null and (is_filled or is_filled is null or is_over)
                then judged_days <= late_days and (early_days is null or judged_days >= - early_days)
            when not has_arrived and is_over and is_told and not is_closed then false
        end as is_on_time,
        case
            when is_cancelled then null
            when is_filled then true
            when is_filled is null and has_arrived or wanted_quantity is null then null
            when is_over and is_told and (has_arrived or not is_closed) then false
        end as is_in_full,
        case
            when is_cancelled then 'cancelled'
            when has_arrived and coalesce(is_filled, true) then 'delivered'
            when has_arrived then 'part_delivered'
            when is_closed then 'closed'
            when is_over and is_told then 'overdue'
            else 'open'
        end as line_status_code
    from timed
)

select
    client_id,
    line_kind_code,
    source,
    order_id,
    line_id,
    judged.customer_id,
    judged.customer_name,
    product_id,
    product.product_name,
    product.product_group_name,
    destination_country_code,
    carrier_id,
    transport_mode_code,
    ordered_date,
    requested_date,
    promised_date,
    due_date,
    due_basis_code,
    date_trunc('month', due_date)::date as due_month,
    shipped_date,
    first_date as first_delivered_date,
    last_date as last_delivered_date,
    completed_date,
    delivery_basis_code,
    unit_code,
    is_unknown_unit,
    ordered_quantity::numeric(24, 4) as ordered_quantity,
    cancelled_quantity::numeric(24, 4) as cancelled_quantity,
    greatest(left_quantity, delivered_quantity)::numeric(24, 4) as shipped_quantity,
    delivered_quantity::numeric(24, 4) as delivered_quantity,
    accepted_quantity::numeric(24, 4) as accepted_quantity,
    case
        when is_cancelled or is_closed then 0
        else {{ not_less_than_zero('wanted_quantity - accepted_quantity') }}
    end::numeric(24, 4) as open_quantity,
    case
        when is_cancelled or is_closed or not is_told then 0
        when is_over or greatest(left_quantity, delivered_quantity) > 0
            then {{ not_less_than_zero('wanted_quantity - greatest(left_quantity, delivered_quantity)') }}
        else 0
    end::numeric(24, 4) as backorder_quantity,
    line_status_code,
    case
        when judged_date is not null then judged_days
        when not is_on_time then days_so_far
    end as days_late,
    is_on_time,
    is_in_full,
    case when is_on_time is not null and is_in_full is not null then is_on_time and is_in_full end as is_on_time_in_full,
    line_amount::numeric(24, 2) as line_amount,
    judged.currency_code,
    as_of_date,
    delivery_id,
    row_number,
    row_part,
    {{ cut_off() }} as known_at
from judged
left join {{ ref('int_products') }} as product using (client_id, product_id)
