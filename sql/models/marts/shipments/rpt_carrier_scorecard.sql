-- The score is the weighted mean of the parts that can be judged: 60 parts in time, 20 undamaged, 20 right invoices. A part
-- without anything to judge is left out, and the others keep their weights among themselves.
{%- set weights = {'on_time_pct': 60, 'undamaged_pct': 20, 'right_charge_pct': 20} %}
with shipments as (
    select
        shipment.*,
        coalesce(shipped_date, promised_date, delivered_date, counted_date) as month_day,
        {{ today() }} as as_of_date,
        coalesce(client.on_time_late_days, 0) as late_days,
        client.on_time_early_days as early_days
    from {{ ref('int_freight_shipments') }} as shipment
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
    where carrier_id is not null
),

timed as (
    select
        shipments.*,
        {{ days_between('promised_date', 'delivered_date', 'promised_off', 'delivered_off') }} as days_late,
        {{ days_between('promised_date', 'as_of_date', 'promised_off', 'today_off') }} > late_days as is_past_due,
        delivered_date - shipped_date as transit_days,
        -- Where no shipment of a source has a day of delivery, nothing tells a late one from one that nobody writes up.
        bool_or(delivered_date is not null) over (partition by shipments.client_id, shipments.source) as tells_deliveries
    from shipments
    left join {{ ref('int_days_off') }} as promised_off on promised_off.client_id = shipments.client_id and promised_off.day = promised_date
    left join {{ ref('int_days_off') }} as delivered_off on delivered_off.client_id = shipments.client_id and delivered_off.day = delivered_date
    left join {{ ref('int_days_off') }} as today_off on today_off.client_id = shipments.client_id and today_off.day = as_of_date
),

judged as (
    select
        *,
        case
            when origin_code <> 'shipment' or promised_date is null then null -- an order does not tell when it arrived
            when delivered_date is not null then days_late <= late_days and coalesce(days_late >= - early_days, true)
            when is_past_due and tells_deliveries then false
        end as is_on_time
    from timed
),

moved as (
    select
        client_id,
        carrier_id,
        date_trunc('month', month_day)::date as month_date,
        count(*) as shipments,
        count(delivered_date) as delivered_shipments,
        count(is_on_time) as judged_shipments,
        count(*) filter (where is_on_time) as on_time_shipments,
        avg(days_late) filter (where days_late > 0) as mean_days_late,
        count(transit_days) as timed_shipments,
        avg(transit_days) as mean_transit_days,
        percentile_cont(0.5) within group (order by transit_days) as median_transit_days,
        percentile_cont(0.9) within group (order by transit_days) as p90_transit_days,
        count(has_damage) as inspected_shipments,
        count(*) filter (where has_damage) as damaged_shipments,
        count(*) filter (where has_exception) as exception_shipments
    from judged
    group by client_id, carrier_id, date_trunc('month', month_day)
),

charged as (
    select
        client_id,
        carrier_id,
        month_date,
        count(*) filter (where charge_code = 'freight' and status_code not in ('credit', 'no_tariffs_feed')) as audited_charges,
        count(*) filter (where status_code = 'matched') as right_charges
    from {{ ref('rpt_freight_audit') }}
    group by client_id, carrier_id, month_date
),

joined as (
    select
        client_id,
        carrier_id,
        month_date,
        coalesce(shipments, 0) as shipments,
        coalesce(delivered_shipments, 0) as delivered_shipments,
        coalesce(judged_shipments, 0) as judged_shipments,
        coalesce(on_time_shipments, 0) as on_time_shipments,
        {{ share_pct('on_time_shipments', 'judged_shipments') }} as on_time_pct,
        mean_days_late,
        coalesce(timed_shipments, 0) as timed_shipments,
        mean_transit_days,
        median_transit_days,
        p90_transit_days,
        coalesce(inspected_shipments, 0) as inspected_shipments,
        coalesce(damaged_shipments, 0) as damaged_shipments,
        {{ share_pct('inspected_shipments - damaged_shipments', 'inspected_shipments') }} as undamaged_pct,
        coalesce(exception_shipments, 0) as exception_shipments,
        coalesce(audited_charges, 0) as audited_charges,
        coalesce(right_charges, 0) as right_charges,
        {{ share_pct('right_charges', 'audited_charges') }} as right_charge_pct
    from moved
    full join charged using (client_id, carrier_id, month_date)
)

select
    client_id,
    carrier_id,
    carrier_name,
    month_date,
    shipments,
    delivered_shipments,
    judged_shipments,
    on_time_shipments,
    on_time_pct,
    round(mean_days_late, 1)::numeric(10, 1) as mean_days_late,
    timed_shipments,
    round(mean_transit_days, 1)::numeric(10, 1) as mean_transit_days,
    round(median_transit_days::numeric, 1)::numeric(10, 1) as median_transit_days,
    round(p90_transit_days::numeric, 1)::numeric(10, 1) as p90_transit_days,
    inspected_shipments,
    damaged_shipments,
    undamaged_pct,
    exception_shipments,
    audited_charges,
    right_charges,
    right_charge_pct,
    round(
        ({% for part, weight in weights.items() %}{{ ' + ' if not loop.first }}coalesce({{ weight }} * {{ part }}, 0){% endfor %})
        / nullif({% for part, weight in weights.items() %}{{ ' + ' if not loop.first }}case when {{ part }} is null then 0 else {{ weight }} end{% endfor %}, 0),
        1)::numeric(5, 1) as score_points,
    {{ cut_off() }} as known_at
from joined
left join {{ ref('int_carriers') }} using (client_id, carrier_id)
