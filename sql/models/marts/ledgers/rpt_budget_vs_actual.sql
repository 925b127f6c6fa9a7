-- A plan is compared over the months it covers: with all its accounts, and all accounts of profit and loss. Where it plans
-- an account without cost centres, the actual of all cost centres stands against it.
with one_of_each as (
    select distinct on (
        client_id, entity_code, scenario_code, version_code, account_id, cost_center_id, budget_month, currency_code
    ) *, to_date(budget_month, 'YYYY-MM') as month
    from {{ ref('stg_ledgers__budgets') }}
    order by
        client_id, entity_code, scenario_code, version_code, account_id, cost_center_id, budget_month, currency_code,
        period desc nulls last, source
),

accounts as (
    select client_id, account_id, statement_code, case normal_balance_code when 'debit' then 1 else -1 end as sign
    from {{ ref('int_gl_accounts') }}
),

booked as (
    select
        client_id,
        entity_code,
        account_id,
        coalesce(cost_center_id, '-') as cost_center_id,
        posting_month as month,
        currency_code,
        sum(amount * sign) as amount
    from {{ whole_of_changed_clients(ref('fct_gl_cost_centers'), 'ledgers_gl_entries') }} as line
    join accounts using (client_id, account_id)
    group by 1, 2, 3, 4, 5, 6
),

reported as (
    select distinct on (client_id, entity_code, account_id, cost_center_id, month, currency_code)
        client_id,
        entity_code,
        account_id,
        cost_center_id,
        month,
        currency_code,
        budget_amount as amount
    from one_of_each
    where
        scenario_code = 'actual'
        and not exists (
            select from booked
            where booked.client_id = one_of_each.client_id and booked.entity_code = one_of_each.entity_code
        )
    order by client_id, entity_code, account_id, cost_center_id, month, currency_code, version_code desc
),

actuals as (
    select *, 'entries' as actual_source_code from booked
    union all
    select *, 'actual_scenario' from reported
),

last_actuals as (
    select client_id, entity_code, max(month) as last_month, max(actual_source_code) as actual_source_code
    from actuals
    group by client_id, entity_code
),

plans as (
    select *
    from one_of_each
    where scenario_code <> 'actual'
),

versions as (
    select
        client_id,
        entity_code,
        scenario_code,
        version_code,
        min(month) as first_month,
        max(month) as last_month,
        bool_or(cost_center_id <> '-') as has_cost_centers
    from plans
    group by client_id, entity_code, scenario_code, version_code
),

planned_accounts as (
    select
        client_id,
        entity_code,
        scenario_code,
        version_code,
        account_id,
        bool_or(cost_center_id <> '-') as has_cost_centers
    from plans
    group by client_id, entity_code, scenario_code, version_code, account_id
),

compared as (
    select
        client_id,
        entity_code,
        scenario_code,
        version_code,
        account_id,
        case
            when coalesce(planned.has_cost_centers, versions.has_cost_centers) then actuals.cost_center_id
            else '-'
        end as cost_center_id,
        actuals.month,
        actuals.currency_code,
        sum(actuals.amount) as amount
    from versions
    join actuals using (client_id, entity_code)
    left join planned_accounts as planned using (client_id, entity_code, scenario_code, version_code, account_id)
    left join accounts using (client_id, account_id)
    where
        actuals.month between versions.first_month and versions.last_month
        and (planned.account_id is not null or accounts.statement_code = 'profit_and_loss')
    group by 1, 2, 3, 4, 5, 6, 7, 8
),

joined as (
    select
        client_id,
        entity_code,
        scenario_code,
        version_code,
        account_id,
        cost_center_id,
        month,
        currency_code,
        plans.client_id is not null as is_planned,
        coalesce(plans.budget_amount, 0) as budget_amount,
        case when month <= last_actuals.last_month then coalesce(compared.amount, 0) end as actual_amount,
        last_actuals.actual_source_code
    from plans
    full join compared
        using (
            client_id, entity_code, scenario_code, version_code, account_id, cost_center_id, month, currency_code
        )
    left join last_actuals using (client_id, entity_code)
)

select
    client_id,
    entity_code,
    scenario_code,
    version_code,
    account_id,
    cost_center_id,
    month as budget_month,
    currency_code,
    coalesce(account.account_code, account_id) as account_code,
    coalesce(account.account_name, 'Unknown account ' || account_id) as account_name,
    coalesce(account.account_type_code, 'asset') as account_type_code,
    coalesce(account.account_class_code, 'unknown') as account_class_code,
    is_planned,
    budget_amount::numeric(24, 2) as budget_amount,
    actual_amount::numeric(24, 2) as actual_amount,
    (actual_amount - budget_amount)::numeric(24, 2) as variance_amount,
    round(100 * (actual_amount - budget_amount) / abs(nullif(budget_amount, 0)), 2) as variance_pct,
    case
        when account.statement_code = 'profit_and_loss' and actual_amount <> budget_amount
            then (actual_amount > budget_amount) = (account.normal_balance_code = 'credit')
    end as is_favourable,
    actual_source_code,
    {{ cut_off() }} as known_at
from joined
left join {{ ref('int_gl_accounts') }} as account using (client_id, account_id)
