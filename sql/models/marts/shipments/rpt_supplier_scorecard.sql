-- The score is the weighted mean of the parts that can be judged: 40 parts on time in full, 25 quality, 20 price, 15 lead time.
-- A part without anything to judge is left out, and the others keep their weights among themselves. How fast a supplier
-- responds is shown and not scored: the days to the first receipt are part of the lead time already.
{%- set weights = {'otif_pct': 40, 'quality_pct': 25, 'price_points': 20, 'lead_time_points': 15} %}
with lines as (
    select
        line.client_id,
        line.supplier_id,
        line.supplier_name,
        date_trunc('month', coalesce(line.due_date, line.ordered_date, line.last_received_date))::date as month_date,
        line.currency_code,
        concat_ws('/', line.source, line.purchase_order_id) as purchase_order,
        line.ordered_amount,
        line.accepted_amount,
        line.received_quantity * line.price_amount as received_amount,
        line.rejected_quantity,
        line.rejected_quantity * line.price_amount as rejected_amount,
        line.is_on_time,
        line.is_in_full,
        line.is_on_time_in_full,
        line.lead_time_days,
        line.promised_lead_time_days,
        line.response_days,
        line.days_late,
        match.price_variance_amount,
        match.invoiced_amount,
        match.flags <> '' as is_flagged
    from {{ ref('rpt_purchase_order_fulfilment') }} as line
    left join {{ ref('rpt_three_way_match') }} as match
        on match.client_id = line.client_id and match.source = line.source and match.row_code = 'order_line'
        and match.purchase_order_id = line.purchase_order_id
        and match.purchase_order_line_id = line.purchase_order_line_id
),

-- Quantities of several products do not add up, so the share rejected is that of their value at the price of the order.
summed as (
    select
        client_id,
        supplier_id,
        max(supplier_name) as supplier_name,
        month_date,
        currency_code,
        count(*) as lines,
        count(distinct purchase_order) as orders,
        sum(ordered_amount) as ordered_amount,
        sum(accepted_amount) as accepted_amount,
        count(is_on_time) as on_time_judged_lines,
        count(*) filter (where is_on_time) as on_time_lines,
        count(is_in_full) as in_full_judged_lines,
        count(*) filter (where is_in_full) as in_full_lines,
        count(is_on_time_in_full) as judged_lines,
        count(*) filter (where is_on_time_in_full) as on_time_in_full_lines,
        count(lead_time_days) as lead_time_lines,
        avg(lead_time_days) as mean_lead_time_days,
        percentile_cont(0.5) within group (order by lead_time_days) as median_lead_time_days,
        avg(promised_lead_time_days) filter (where lead_time_days is not null) as mean_promised_days,
        avg(lead_time_days) filter (where promised_lead_time_days is not null) as mean_kept_days,
        avg(days_late) filter (where days_late > 0) as mean_days_late,
        avg(response_days) as mean_response_days,
        percentile_cont(0.5) within group (order by response_days) as median_response_days,
        count(*) filter (where received_amount > 0) as received_lines,
        count(*) filter (where rejected_quantity > 0) as rejected_lines,
        least(greatest(sum(rejected_amount) / nullif(sum(received_amount), 0), 0), 1) as rejected_share,
        count(price_variance_amount) as priced_lines,
        sum(price_variance_amount) as price_variance_amount,
        sum(invoiced_amount - price_variance_amount) as at_order_price_amount,
        count(*) filter (where is_flagged) as flagged_lines
    from lines
    group by client_id, supplier_id, month_date, currency_code
),

rated as (
    select
        *,
        {{ share_pct('on_time_lines', 'on_time_judged_lines') }} as on_time_pct,
        {{ share_pct('in_full_lines', 'in_full_judged_lines') }} as in_full_pct,
        {{ share_pct('on_time_in_full_lines', 'judged_lines') }} as otif_pct,
        round(100 * rejected_share, 2)::numeric(5, 2) as rejected_pct,
        round(100 * (1 - rejected_share), 2)::numeric(5, 2) as quality_pct,
        round(100 * price_variance_amount / nullif(at_order_price_amount, 0), 2)::numeric(20, 2) as price_variance_pct
    from summed
),

-- Ten points off for every percent above the price of the order; none for below. Lead time: the promised share of the days taken.
pointed as (
    select
        *,
        case when priced_lines > 0 then least(greatest(100 - 10 * price_variance_pct, 0), 100) end as price_points,
        case when mean_promised_days > 0 then least(100 * mean_promised_days / greatest(mean_kept_days, 1), 100) end as lead_time_points
    from rated
)

select
    client_id,
    supplier_id,
    supplier_name,
    month_date,
    currency_code,
    orders,
    lines,
    ordered_amount::numeric(24, 2) as ordered_amount,
    accepted_amount::numeric(24, 2) as accepted_amount,
    judged_lines,
    on_time_lines,
    in_full_lines,
    on_time_in_full_lines,
    on_time_pct,
    in_full_pct,
    otif_pct,
    round(mean_days_late, 1)::numeric(10, 1) as mean_days_late,
    lead_time_lines,
    round(mean_lead_time_days, 1)::numeric(10, 1) as mean_lead_time_days,
    round(median_lead_time_days::numeric, 1)::numeric(10, 1) as median_lead_time_days,
    round(mean_promised_days, 1)::numeric(10, 1) as mean_promised_lead_time_days,
    round(mean_response_days, 1)::numeric(10, 1) as mean_response_days,
    round(median_response_days::numeric, 1)::numeric(10, 1) as median_response_days,
    received_lines,
    rejected_lines,
    rejected_pct,
    priced_lines,
    price_variance_amount::numeric(24, 2) as price_variance_amount,
    price_variance_pct,
    flagged_lines,
    round(
        ({% for part, weight in weights.items() %}{{ ' + ' if not loop.first }}coalesce({{ weight }} * {{ part }}, 0){% endfor %})
        / nullif({% for part, weight in weights.items() %}{{ ' + ' if not loop.first }}case when {{ part }} is null then 0 else {{ weight }} end{% endfor %}, 0),
        1)::numeric(5, 1) as score_points,
    {{ cut_off() }} as known_at
from pointed
