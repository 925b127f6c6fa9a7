-- Every planned line of core stands against its actual, once.
with core as (
    select distinct on (
        client_id, entity_code, scenario_code, version_code, account_id, cost_center_id, budget_month, currency_code
    ) *
    from {{ source('core', 'ledgers_budgets') }}
    where {{ known_at_cut_off() }} and scenario_code <> 'actual'
    order by
        client_id, entity_code, scenario_code, version_code, account_id, cost_center_id, budget_month, currency_code,
        _period desc, _source
),

planned as (
    select client_id, entity_code, scenario_code, version_code, count(*) as lines, sum(budget_amount) as budget_amount
    from core
    group by client_id, entity_code, scenario_code, version_code
),

mart as (
    select client_id, entity_code, scenario_code, version_code, count(*) as lines, sum(budget_amount) as budget_amount
    from {{ whole(ref('rpt_budget_vs_actual')) }} as whole
    where is_planned
    group by client_id, entity_code, scenario_code, version_code
)

select client_id, entity_code, scenario_code, version_code
from planned
full join mart using (client_id, entity_code, scenario_code, version_code)
where (planned.lines, planned.budget_amount) is distinct from (mart.lines, mart.budget_amount)
