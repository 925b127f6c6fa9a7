-- Opening + additions − disposals = closing cost; closing cost less depreciation = book value; and closing is that of core.
with newest as (
    select client_id, _source, max(_period) as _period
    from {{ source('core', 'ledgers_fixed_assets') }}
    where {{ known_at_cut_off() }}
    group by client_id, _source
),

core as (
    select
        client_id, entity_code, currency_code, sum(cost_amount) as cost_amount,
        sum(accumulated_depreciation_amount) as depreciation_amount
    from {{ source('core', 'ledgers_fixed_assets') }}
    join newest using (client_id, _source, _period)
    where {{ known_at_cut_off() }} and disposed_date is null
    group by client_id, entity_code, currency_code
),

mart as (
    select
        client_id, entity_code, currency_code, sum(closing_cost_amount) as cost_amount,
        sum(accumulated_depreciation_amount) as depreciation_amount,
        bool_and(
            opening_cost_amount + additions_amount - disposals_amount = closing_cost_amount
            and closing_cost_amount - accumulated_depreciation_amount = book_amount) as rolls_forward
    from {{ whole(ref('rpt_fixed_assets')) }} as whole
    group by client_id, entity_code, currency_code
)

select client_id, entity_code, currency_code, core.cost_amount as in_core, mart.cost_amount as in_mart, rolls_forward
from core
full join mart using (client_id, entity_code, currency_code)
where
    (coalesce(core.cost_amount, 0), coalesce(core.depreciation_amount, 0))
    is distinct from (mart.cost_amount, mart.depreciation_amount)
    or not rolls_forward
