-- On time and in full each also alone: a line that is closed short can have come in time, one complete after its day was late.
-- A draft is not ordered yet: nothing of it is late.
with lines as (
    select
        line.*,
        {{ today() }} as as_of_date,
        coalesce(client.on_time_late_days, 0) as late_days,
        client.on_time_early_days as early_days,
        greatest(line.over_delivery_pct, coalesce(client.match_quantity_pct, 0)) as over_pct
    from {{ ref('int_purchase_lines') }} as line
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
),

received as (
    select
        line.*,
        receipt.has_receipts_feed,
        receipt.receipts,
        receipt.is_unknown_unit,
        receipt.received_quantity as all_received_quantity,
        receipt.rejected_quantity as all_rejected_quantity,
        receipt.accepted_quantity,
        receipt.needed_quantity,
        receipt.first_received_date,
        receipt.last_received_date,
        receipt.completed_date,
        receipt.is_complete,
        receipt.has_receipts_feed and not receipt.is_unknown_unit
            and not ((line.is_cancelled or line.is_draft is true) and receipt.receipts = 0) as is_judged,
        case
            when receipt.is_complete then receipt.completed_date
            when line.is_closed then receipt.last_received_date
        end as ended_date
    from lines as line
    join {{ ref('int_purchase_line_receipts') }} as receipt using (client_id, source, purchase_order_id, line_id)
),

timed as (
    select
        received.*,
        {{ days_between('received.due_date', 'received.ended_date', 'due_off', 'ended_off') }} as days_late,
        {{ days_between('received.due_date', 'received.as_of_date', 'due_off', 'today_off') }} > received.late_days
            and not (received.is_draft is true and received.receipts = 0) as is_past_due
    from received
    left join {{ ref('int_days_off') }} as due_off on due_off.client_id = received.client_id and due_off.day = due_date
    left join {{ ref('int_days_off') }} as ended_off on ended_off.client_id = received.client_id and ended_off.day = ended_date
    left join {{ ref('int_days_off') }} as today_off on today_off.client_id = received.client_id and today_off.day = as_of_date
),

judged as (
    select
        *,
        case
            when not is_judged or due_date is null then null
            when ended_date is not null then days_late <= late_days and coalesce(days_late >= - early_days, true)
            when is_complete or is_closed and receipts > 0 then null -- nobody says when it came
            when is_past_due or is_closed then false
        end as is_on_time,
        case
            when not is_judged then null
            when is_complete then true
            when is_closed or is_past_due then false
        end as is_in_full,
        case when ordered_quantity > accepted_quantity then ordered_quantity - accepted_quantity when accepted_quantity is not null then 0 end
            as lacking_quantity
    from timed
)

select
    client_id,
    source,
    purchase_order_id,
    line_id as purchase_order_line_id,
    supplier_id,
    supplier_name,
    product_id,
    product_name,
    order_status_code,
    case
        when is_unknown_unit then 'unknown_unit'
        when is_cancelled and receipts = 0 then 'cancelled'
        when not has_receipts_feed then 'no_receipts_feed'
        when accepted_quantity > ordered_quantity * (1 + over_pct / 100) then 'over_received'
        when is_complete then 'complete'
        when is_closed then 'closed_short'
        when is_past_due then 'overdue'
        when accepted_quantity > 0 then 'partly_received'
        else 'open'
    end as status_code,
    ordered_date,
    due_date,
    first_received_date,
    last_received_date,
    completed_date,
    quantity_unit,
    ordered_quantity::numeric(20, 4) as ordered_quantity,
    all_received_quantity::numeric(20, 4) as received_quantity,
    all_rejected_quantity::numeric(20, 4) as rejected_quantity,
    accepted_quantity::numeric(20, 4) as accepted_quantity,
    case when is_closed or is_complete then 0 else lacking_quantity end::numeric(20, 4) as open_quantity,
    case when is_closed and not is_complete then lacking_quantity else 0 end::numeric(20, 4) as short_quantity,
    (accepted_quantity - ordered_quantity + lacking_quantity)::numeric(20, 4) as over_quantity,
    round(100 * accepted_quantity / nullif(ordered_quantity, 0), 2)::numeric(12, 2) as fulfilment_pct,
    receipts,
    currency_code,
    price_amount::numeric(20, 6) as price_amount,
    round(ordered_quantity * price_amount, 2)::numeric(24, 2) as ordered_amount,
    round(accepted_quantity * price_amount, 2)::numeric(24, 2) as accepted_amount,
    (first_received_date - ordered_date)::integer as response_days,
    (completed_date - ordered_date)::integer as lead_time_days,
    promised_lead_time_days::integer as promised_lead_time_days,
    case when is_judged then days_late end as days_late,
    coalesce(is_past_due and is_judged and not is_complete and not is_closed, false) as is_overdue,
    is_on_time,
    is_in_full,
    is_on_time and is_in_full as is_on_time_in_full,
    delivery_id,
    row_number,
    row_part,
    {{ cut_off() }} as known_at
from judged
