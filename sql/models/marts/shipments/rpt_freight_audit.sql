-- The tariff of a charge is the newest version of its carrier, lane and means that was valid on the day of shipment, and of
-- it the band with the highest weight that the shipment reaches. Who names no lane or means has those of the shipment, or
-- the only ones of the carrier. A credit is not judged: it frees the place of what it takes back.
{%- set charge = ['client_id', 'source', 'carrier_id', 'invoice_id', 'line_id'] %}
with charges as (
    select
        *,
        coalesce(shipped_date, shipment_shipped_date, invoice_date) as tariff_date,
        coalesce(charged_weight_kg, shipment_weight_kg) as weight_kg
    from {{ ref('int_freight_invoices') }}
),

tariffs as (
    select
        *,
        min(lane_id) over of_carrier = max(lane_id) over of_carrier as is_only_lane,
        min(transport_mode_code) over of_carrier = max(transport_mode_code) over of_carrier as is_only_mode,
        min(valid_from_date) over later as next_from_date
    from (
        select distinct on (client_id, carrier_id, lane_id, transport_mode_code, valid_from_date, from_weight_kg) *
        from {{ ref('stg_shipments__freight_tariffs') }}
        order by
            client_id, carrier_id, lane_id, transport_mode_code, valid_from_date, from_weight_kg, period desc nulls last, source
    ) as tariff
    window
        of_carrier as (partition by client_id, carrier_id),
        later as (
            partition by client_id, carrier_id, lane_id, transport_mode_code order by valid_from_date
            groups between 1 following and unbounded following)
),

found as (
    select distinct on ({% for part in charge %}charge.{{ part }}{{ ', ' if not loop.last }}{% endfor %})
        {% for part in charge %}charge.{{ part }}, {% endfor -%}
        tariff.lane_id as tariff_lane_id,
        tariff.transport_mode_code as tariff_mode_code,
        tariff.valid_from_date,
        tariff.from_weight_kg,
        tariff.base_amount,
        tariff.rate_per_kg_amount,
        tariff.minimum_amount,
        tariff.currency_code as tariff_currency_code
    from charges as charge
    join tariffs as tariff
        on tariff.client_id = charge.client_id
        and tariff.carrier_id = charge.carrier_id
        and tariff.valid_from_date <= charge.tariff_date
        and coalesce(tariff.next_from_date > charge.tariff_date, true)
        and tariff.from_weight_kg <= charge.weight_kg
        and (
            tariff.lane_id = charge.lane_id
            or charge.lane_id is null
                and (tariff.lane_id in (charge.location_lane_id, charge.shipment_lane_id) or tariff.is_only_lane))
        and (
            tariff.transport_mode_code = coalesce(charge.transport_mode_code, charge.shipment_mode_code)
            or charge.transport_mode_code is null and tariff.is_only_mode)
    where charge.charge_code = 'freight'
    order by
        {% for part in charge %}charge.{{ part }}, {% endfor -%}
        tariff.lane_id = charge.location_lane_id desc nulls last,
        tariff.lane_id = charge.shipment_lane_id desc nulls last,
        tariff.valid_from_date desc, tariff.from_weight_kg desc, tariff.transport_mode_code
),

-- The same charge for the same shipment once more; what was credited frees its place: of three of which one was credited, one
-- is too many.
counted as (
    select
        *,
        sum(sign(charged_amount)) over (
            partition by client_id, carrier_id, shipment_id, charge_code, abs(charged_amount), currency_code
        ) as times,
        row_number() over (
            partition by client_id, carrier_id, shipment_id, charge_code, charged_amount, currency_code
            order by invoice_date, invoice_id, line_id, source
        ) as place
    from charges
),

shipping as (
    select distinct client_id from {{ ref('int_freight_shipments') }} where origin_code = 'shipment' and is_numbered
),

tariffed as (
    select distinct client_id from {{ ref('stg_shipments__freight_tariffs') }}
),

priced as (
    select
        charge.*,
        found.tariff_lane_id,
        found.tariff_mode_code,
        found.valid_from_date,
        found.from_weight_kg,
        found.tariff_currency_code,
        case
            when found.rate_per_kg_amount is not null
                then round(
                    greatest(
                        coalesce(found.base_amount, 0) + found.rate_per_kg_amount * charge.weight_kg,
                        coalesce(found.minimum_amount, 0)),
                    2)
        end as tariff_amount,
        shipping.client_id is not null as has_shipments_feed,
        tariffed.client_id is not null as has_tariffs_feed,
        charge.shipment_id is not null and charge.charged_amount > 0 and charge.place between 2 and charge.times as is_repeated
    from counted as charge
    left join found using ({{ charge | join(', ') }})
    left join shipping on shipping.client_id = charge.client_id
    left join tariffed on tariffed.client_id = charge.client_id
),

flagged as (
    select
        *,
        case when charged_amount > 0 and tariff_currency_code = currency_code then tariff_amount end as expected_amount,
        array_remove(array[
            case when is_repeated then 'duplicate' end,
            case when has_shipments_feed and shipment_source is null then 'no_shipment' end,
            case
                when charge_code <> 'freight' or charged_amount <= 0 or not has_tariffs_feed then null
                when weight_kg is null then 'no_weight'
                when tariff_amount is null then 'no_tariff'
                when tariff_currency_code <> currency_code then 'other_currency'
                when charged_amount > tariff_amount + 0.01 then 'over_charged'
                when charged_amount < tariff_amount - 0.01 then 'under_charged'
            end
        ], null) as flags
    from priced
)

select
    client_id,
    source,
    carrier_id,
    carrier_name,
    invoice_id,
    line_id as invoice_line_id,
    invoice_date,
    date_trunc('month', invoice_date)::date as month_date,
    shipment_id,
    charge_code,
    coalesce(tariff_lane_id, lane_id, shipment_lane_id) as lane_id,
    coalesce(tariff_mode_code, transport_mode_code, shipment_mode_code) as transport_mode_code,
    tariff_date,
    weight_kg::numeric(20, 4) as weight_kg,
    valid_from_date as tariff_valid_from_date,
    from_weight_kg::numeric(14, 4) as band_from_weight_kg,
    currency_code,
    charged_amount::numeric(24, 2) as charged_amount,
    expected_amount::numeric(24, 2) as expected_amount,
    (charged_amount - expected_amount)::numeric(24, 2) as difference_amount,
    case
        when cardinality(flags) > 0 then flags[1]
        when charge_code <> 'freight' then 'no_freight'
        when charged_amount <= 0 then 'credit'
        when not has_tariffs_feed then 'no_tariffs_feed'
        else 'matched'
    end as status_code,
    array_to_string(flags, ', ') as flags,
    delivery_id,
    row_number,
    row_part,
    {{ cut_off() }} as known_at
from flagged
left join {{ ref('int_carriers') }} using (client_id, carrier_id)
