-- What one company says the other owes it, against what the other says it owes; what one sold, against what the other
-- bought. Balances at the closing rate of the month, sales and purchases at its average rate.
with entities as (
    select distinct client_id, entity_code, group_currency
    from {{ ref('int_gl_group_movements') }}
),

movements as (
    select
        client_id,
        entity_code,
        coalesce(movement.counterparty_entity_code, 'not stated') as counterparty_entity_code,
        coalesce(entity.group_currency, movement.currency_code) as group_currency,
        movement.currency_code,
        account.account_class_code,
        date_trunc('month', movement.period_end_date)::date as month,
        sum(amount) as amount
    from {{ whole_of_changed_clients(ref('fct_gl_movements'), 'ledgers_gl_entries') }} as movement
    join {{ ref('int_gl_accounts') }} as account using (client_id, account_id)
    left join entities as entity using (client_id, entity_code)
    where
        account.account_class_code in ('intercompany_receivable', 'intercompany_payable')
        or account.account_class_code in ('intercompany_revenue', 'intercompany_expense')
        and entry_kind_code <> 'closing'
    group by 1, 2, 3, 4, 5, 6, 7
),

spans as (
    select
        client_id,
        entity_code,
        counterparty_entity_code,
        group_currency,
        currency_code,
        account_class_code,
        min(month) as first_month,
        max(max(month)) over (partition by client_id) as last_month
    from movements
    group by 1, 2, 3, 4, 5, 6
),

months as (
    select spans.*, month::date as month
    from spans
    cross join lateral generate_series(first_month::timestamp, last_month::timestamp, interval '1 month') as month
),

balances as (
    select
        months.*,
        coalesce(movements.amount, 0) as amount,
        sum(movements.amount) over (
            partition by
                client_id, entity_code, counterparty_entity_code, group_currency, currency_code, account_class_code
            order by month
        ) as balance
    from months
    left join movements
        using (
            client_id, entity_code, counterparty_entity_code, group_currency, currency_code, account_class_code, month
        )
),

converted as (
    select
        balances.*,
        case
            when account_class_code in ('intercompany_receivable', 'intercompany_payable')
                then balance * case when balances.currency_code = balances.group_currency then 1 else closing_rate end
            else amount * case when balances.currency_code = balances.group_currency then 1 else average_rate end
        end as group_amount
    from balances
    left join {{ ref('int_gl_group_rates') }} as rate using (client_id, currency_code, group_currency, month)
),

-- from the side of the one that sells and is owed, and of the one that buys and owes
sides as (
    select
        client_id, entity_code, counterparty_entity_code, group_currency, month, account_class_code, group_amount
    from converted
    where account_class_code in ('intercompany_receivable', 'intercompany_revenue')
    union all
    select
        client_id, counterparty_entity_code, entity_code, group_currency, month, account_class_code, group_amount
    from converted
    where account_class_code in ('intercompany_payable', 'intercompany_expense')
),

pairs as (
    select
        client_id,
        entity_code,
        counterparty_entity_code,
        group_currency,
        month,
        {%- for name, class, sign in [
            ('receivable', 'receivable', ''), ('payable', 'payable', '-'), ('revenue', 'revenue', '-'), ('expense', 'expense', '')
        ] %}
        round(coalesce({{ sign }}sum(group_amount) filter (where account_class_code = 'intercompany_{{ class }}'), 0), 2)
            as {{ name }}_amount,
        {%- endfor %}
        bool_and(group_amount is not null) as is_converted
    from sides
    group by client_id, entity_code, counterparty_entity_code, group_currency, month
)

select
    client_id,
    entity_code,
    counterparty_entity_code,
    month as group_month,
    group_currency,
    is_converted,
    {%- for name in ('receivable', 'payable', 'revenue', 'expense') %}
    case when is_converted then {{ name }}_amount end::numeric(24, 2) as {{ name }}_amount,
    {%- endfor %}
    case when is_converted then receivable_amount - payable_amount end::numeric(24, 2) as balance_difference_amount,
    case when is_converted then revenue_amount - expense_amount end::numeric(24, 2) as result_difference_amount,
    {{ cut_off() }} as known_at
from pairs
