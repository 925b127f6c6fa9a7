-- The actual of profit and loss in the months of a version is that of the entries, whichever accounts and cost centres the
-- version plans.
with versions as (
    select
        client_id, entity_code, scenario_code, version_code,
        min(budget_month) filter (where is_planned) as first_month,
        max(budget_month) filter (where is_planned) as last_month,
        coalesce(sum(
            case when account.normal_balance_code = 'debit' then actual_amount else -actual_amount end
        ) filter (where account.statement_code = 'profit_and_loss'), 0) as actual_amount
    from {{ ref('rpt_budget_vs_actual') }}
    left join {{ ref('int_gl_accounts') }} as account using (client_id, account_id)
    where actual_source_code = 'entries'
    group by client_id, entity_code, scenario_code, version_code
),

entries as (
    select client_id, entity_code, posting_month, sum(amount) as amount
    from {{ whole_of_changed_clients(ref('fct_gl_cost_centers'), 'ledgers_gl_entries') }} as line
    join {{ ref('int_gl_accounts') }} as account using (client_id, account_id)
    where account.statement_code = 'profit_and_loss'
    group by client_id, entity_code, posting_month
)

select client_id, entity_code, scenario_code, version_code
from versions
left join entries using (client_id, entity_code)
group by client_id, entity_code, scenario_code, version_code, versions.actual_amount
having
    versions.actual_amount
    <> coalesce(sum(amount) filter (where posting_month between first_month and last_month), 0)
