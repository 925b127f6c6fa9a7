-- Every account of a client: those of its chart, and those that only its entries or companies name. What an account
-- without a chart entry is can be told where something else names it (a company its retained earnings, a partner its
-- control account); any other stands among the assets, so that the statements still balance and no result is invented.
{%- set sections = {
    'cash': ['cash'],
    'investing': ['fixed_asset', 'accumulated_depreciation', 'intangible', 'investment', 'other_asset'],
    'financing': ['debt', 'other_liability', 'share_capital', 'retained_earnings', 'reserve', 'translation_reserve', 'other_equity'],
} %}
with chart as (
    select distinct on (client_id, account_id) *
    from {{ ref('stg_ledgers__accounts') }}
    order by client_id, account_id, source
),

named as (
    select client_id, account_id, null as account_type_code, 'unknown' as account_class_code, 4 as rank
    from {{ ref('int_gl_movements') }}
    union
    select client_id, retained_earnings_account_id, 'equity', 'retained_earnings', 1
    from {{ ref('int_gl_entities') }}
    where retained_earnings_account_id is not null
    union
    select client_id, control_account_id, 'asset', 'receivables', 2
    from {{ ref('stg_ledgers__partners') }}
    where control_account_id is not null and partner_type_code = 'customer'
    union
    select client_id, control_account_id, 'liability', 'payables', 3
    from {{ ref('stg_ledgers__partners') }}
    where control_account_id is not null and partner_type_code = 'supplier'
),

told as (
    select distinct on (client_id, account_id) *
    from named
    order by client_id, account_id, rank
),

typed as (
    select
        client_id,
        account_id,
        coalesce(chart.account_code, account_id) as account_code,
        coalesce(chart.account_name, 'Unknown account ' || account_id) as account_name,
        coalesce(chart.account_type_code, told.account_type_code, 'asset') as account_type_code,
        coalesce(
            chart.account_class_code,
            case chart.account_type_code
                when 'asset' then 'other_asset'
                when 'liability' then 'other_liability'
                when 'equity' then 'other_equity'
                when 'revenue' then 'other_income'
                when 'expense' then 'other_expense'
            end,
            told.account_class_code
        ) as account_class_code,
        chart.account_id is not null as is_in_chart,
        coalesce(chart.is_summary, false) as is_summary,
        chart.normal_balance_code,
        chart.control_code,
        chart.cash_flow_code
    from chart
    full join told using (client_id, account_id)
)

select
    client_id,
    account_id,
    account_code,
    account_name,
    account_type_code,
    account_class_code,
    case when account_type_code in ('revenue', 'expense') then 'profit_and_loss' else 'balance_sheet' end
        as statement_code,
    coalesce(normal_balance_code, case when account_type_code in ('asset', 'expense') then 'debit' else 'credit' end)
        as normal_balance_code,
    control_code,
    case
        when account_type_code in ('revenue', 'expense') then coalesce(nullif(cash_flow_code, 'cash'), 'operating')
        when cash_flow_code is not null then cash_flow_code
        {%- for section, classes in sections.items() %}
        when account_class_code in ('{{ classes | join("', '") }}') then '{{ section }}'
        {%- endfor %}
        else 'operating'
    end as cash_flow_code,
    is_summary,
    is_in_chart
from typed
