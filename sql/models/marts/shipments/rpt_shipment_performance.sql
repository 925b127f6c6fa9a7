-- How long it took, by what is measured. A shipment of two orders has one transit time and two lead times.
with times as (
    select
        client_id,
        'transit' as measure_code,
        min(origin_code) as origin_code,
        min(destination_code) as destination_code,
        min(transport_mode_code) as transport_mode_code,
        min(carrier_id) as carrier_id,
        source,
        shipment_key,
        null as order_id,
        min(shipped_date) as from_date,
        max(delivered_date) as to_date
    from {{ ref('int_shipment_times') }}
    group by client_id, source, shipment_key
    union all
    select
        client_id, 'lead', origin_code, destination_code, transport_mode_code, carrier_id, source,
        shipment_key, order_id, ordered_date, delivered_date
    from {{ ref('int_shipment_times') }}
    union all
    select
        client_id, 'dispatch', origin_code, destination_code, transport_mode_code, carrier_id, source,
        shipment_key, order_id, ordered_date, shipped_date
    from {{ ref('int_shipment_times') }}
),

measured as (
    select *, to_date - from_date as days, date_trunc('month', to_date)::date as end_month
    from times
    where from_date is not null and to_date is not null
),

shares as (
    select
        client_id,
        measure_code,
        origin_code,
        destination_code,
        transport_mode_code,
        carrier_id,
        end_month,
        count(*) filter (where days >= 0) as shipments,
        count(*) filter (where days < 0) as shipments_out_of_order,
        avg(days) filter (where days >= 0) as mean_days,
        percentile_cont(0.5) within group (order by days) filter (where days >= 0) as median_days,
        percentile_cont(0.9) within group (order by days) filter (where days >= 0) as p90_days,
        min(days) filter (where days >= 0) as min_days,
        max(days) filter (where days >= 0) as max_days
    from measured
    group by
        grouping sets (
            (client_id, measure_code, origin_code, destination_code, transport_mode_code, carrier_id, end_month),
            (client_id, measure_code, origin_code, destination_code, transport_mode_code, carrier_id)
        )
)

select
    client_id,
    measure_code,
    origin_code,
    destination_code,
    transport_mode_code,
    carrier_id,
    carriers.carrier_name,
    end_month,
    end_month is null as is_all_months,
    shipments,
    shipments_out_of_order,
    round(mean_days, 1)::numeric(10, 1) as mean_days,
    round(median_days::numeric, 1)::numeric(10, 1) as median_days,
    round(p90_days::numeric, 1)::numeric(10, 1) as p90_days,
    min_days,
    max_days,
    {{ cut_off() }} as known_at
from shares
left join {{ ref('int_carriers') }} as carriers using (client_id, carrier_id)
