-- What the accounts hold of the register is its cost less depreciation, and differences are what is left.
with mart as (
    select
        client_id, entity_code, sum(register_amount) as amount,
        bool_and(difference_amount is not distinct from register_amount - ledger_amount) as differs_rightly
    from {{ whole(ref('rpt_fixed_asset_control')) }} as whole
    group by client_id, entity_code
),

register as (
    select client_id, entity_code, sum(closing_cost_amount - accumulated_depreciation_amount) as amount
    from {{ whole(ref('rpt_fixed_assets')) }} as whole
    group by client_id, entity_code
)

select client_id, entity_code, register.amount as in_register, mart.amount as on_accounts
from register
full join mart using (client_id, entity_code)
where coalesce(register.amount, 0) <> coalesce(mart.amount, 0) or not differs_rightly
