-- By month of the day due, not of delivery: a late line counts against the month it was due in.
with lines as (
    select
        line.*,
        is_in_full is null and line_status_code in ('delivered', 'part_delivered') as is_quantity_unknown,
        is_in_full is not null and line_status_code in ('delivered', 'part_delivered') as is_quantity_known
    from {{ ref('fct_order_lines') }} as line
),

months as (
    select
        client_id,
        customer_id,
        due_month,
        max(customer_name) as customer_name,
        count(*) as lines,
        count(distinct (source, order_id)) as orders,
        count(*) filter (where line_status_code = 'cancelled') as cancelled_lines,
        count(*) filter (where line_status_code = 'open') as open_lines,
        count(*) filter (where line_status_code = 'overdue') as overdue_lines,
        count(*) filter (where is_quantity_unknown) as quantity_unknown_lines,
        count(*) filter (where is_quantity_known) as quantity_known_lines,
        count(is_on_time) as on_time_judged_lines,
        count(*) filter (where is_on_time) as on_time_lines,
        count(*) filter (where not is_on_time) as not_on_time_lines,
        count(is_in_full) as in_full_judged_lines,
        count(*) filter (where is_in_full) as in_full_lines,
        count(is_on_time_in_full) as on_time_in_full_judged_lines,
        count(*) filter (where is_on_time_in_full) as on_time_in_full_lines,
        round(avg(days_late) filter (where not is_on_time and days_late > 0), 1)::numeric(10, 1) as mean_days_late,
        max(days_late) filter (where not is_on_time and days_late > 0) as most_days_late,
        case
            when count(distinct delivery_basis_code) < 2 then min(delivery_basis_code) else 'mixed'
        end as delivery_basis_code,
        case when count(distinct due_basis_code) < 2 then min(due_basis_code) else 'mixed' end as due_basis_code
    from lines
    group by client_id, customer_id, due_month
)

select
    client_id,
    customer_id,
    customer_name,
    due_month,
    lines,
    orders,
    cancelled_lines,
    open_lines,
    overdue_lines,
    on_time_judged_lines,
    on_time_lines,
    not_on_time_lines,
    {{ share_pct('on_time_lines', 'on_time_judged_lines') }} as on_time_pct,
    in_full_judged_lines,
    in_full_lines,
    case when quantity_unknown_lines = 0 or quantity_known_lines > 0
        then {{ share_pct('in_full_lines', 'in_full_judged_lines') }} end as in_full_pct,
    on_time_in_full_judged_lines,
    on_time_in_full_lines,
    case when quantity_unknown_lines = 0 or quantity_known_lines > 0
        then {{ share_pct('on_time_in_full_lines', 'on_time_in_full_judged_lines') }} end as on_time_in_full_pct,
    quantity_unknown_lines,
    mean_days_late,
    most_days_late,
    delivery_basis_code,
    due_basis_code,
    coalesce(client.on_time_against, 'promised') as on_time_against,
    client.on_time_early_days as early_days_allowed,
    coalesce(client.on_time_late_days, 0) as late_days_allowed,
    coalesce(client.on_time_calendar, 'days') as day_count_code,
    coalesce(client.short_delivery_pct, 0)::numeric(7, 4) as short_delivery_pct,
    {{ cut_off() }} as known_at
from months
left join {{ ref('stg_ops__clients') }} as client using (client_id)
