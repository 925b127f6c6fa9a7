-- The register by class for the fiscal year in which it speaks. An asset that was disposed of in an earlier year is gone. Full
-- months of straight-line depreciation count from the month in which the asset came into service.
with entities as (
    select distinct on (client_id, entity_code) client_id, entity_code, fiscal_year_start_month as start_month
    from {{ ref('stg_ledgers__entities') }}
    order by client_id, entity_code, source
),

assets as (
    select
        asset.*,
        coalesce(entities.start_month, 1) as start_month,
        make_date(
            extract(year from register_date)::integer
                - case when extract(month from register_date) < coalesce(entities.start_month, 1) then 1 else 0 end,
            coalesce(entities.start_month, 1),
            1) as year_start_date,
        coalesce(in_service_date, acquired_date) as service_date
    from {{ ref('stg_ledgers__fixed_assets') }} as asset
    left join entities using (client_id, entity_code)
),

placed as (
    select
        *,
        acquired_date >= year_start_date as is_new,
        disposed_date is not null as is_disposed,
        disposed_date is not null and (disposed_date >= year_start_date or acquired_date >= year_start_date)
            as is_disposed_this_year,
        {{ fiscal_year_of('register_date', 'start_month') }} as fiscal_year,
        case
            when method_code = 'straight_line' and life_months > 0 and disposed_date is null then
                (cost_amount - coalesce(residual_amount, 0))
                * least(greatest(
                    (extract(year from register_date) - extract(year from service_date)) * 12
                    + extract(month from register_date) - extract(month from service_date) + 1, 0), life_months)
                / life_months
        end as straight_line_amount
    from assets
)

select
    client_id,
    source,
    entity_code,
    asset_class_code,
    fiscal_year,
    currency_code,
    max(register_date) as register_date,
    count(*) filter (where not is_disposed) as assets,
    coalesce(sum(cost_amount) filter (where not is_new and (not is_disposed or is_disposed_this_year)), 0)
        as opening_cost_amount,
    coalesce(sum(cost_amount) filter (where is_new), 0) as additions_amount,
    coalesce(sum(cost_amount) filter (where is_disposed_this_year), 0) as disposals_amount,
    coalesce(sum(cost_amount) filter (where not is_disposed), 0) as closing_cost_amount,
    coalesce(sum(accumulated_depreciation_amount) filter (where not is_disposed), 0) as accumulated_depreciation_amount,
    coalesce(sum(book_amount) filter (where not is_disposed), 0) as book_amount,
    coalesce(sum(disposal_amount) filter (where is_disposed_this_year), 0) as proceeds_amount,
    coalesce(
        sum(coalesce(disposal_amount, 0) - (cost_amount - accumulated_depreciation_amount))
            filter (where is_disposed_this_year), 0) as disposal_gain_amount,
    round(sum(straight_line_amount), 2) as straight_line_amount,
    sum(accumulated_depreciation_amount) filter (where straight_line_amount is not null)
        - round(sum(straight_line_amount), 2) as straight_line_difference_amount,
    {{ cut_off() }} as known_at
from placed
group by client_id, source, entity_code, asset_class_code, fiscal_year, currency_code
