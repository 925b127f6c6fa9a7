-- Companies converted, and what they have with each other taken out: receivables and payables, revenue and expense of the
-- intercompany classes. What the two sides differ by stays visible as a line of its own.
with companies as (
    select
        client_id,
        entity_code,
        group_currency,
        month,
        account_type_code,
        account_class_code,
        is_converted,
        amount as exact_amount,
        round(amount, 2) as amount,
        round(month_amount, 2) as month_amount
    from {{ ref('int_gl_group_positions') }}
),

-- Cents of rounding go to the translation reserve, so that the lines as shown make the check.
checks as (
    select
        client_id,
        entity_code,
        group_currency,
        month,
        round(sum({{ group_side('exact_amount') }}), 2) as check_amount,
        sum({{ group_side('amount') }}) as rounded_amount
    from companies
    group by client_id, entity_code, group_currency, month
),

eliminations as (
    select
        client_id,
        group_currency,
        month,
        account_type_code,
        account_class_code,
        is_converted,
        -sum(amount) as amount,
        -sum(month_amount) as month_amount
    from companies
    where account_class_code like 'intercompany%' and is_converted
    group by client_id, group_currency, month, account_type_code, account_class_code, is_converted
),

all_rows as (
    select
        client_id,
        entity_code,
        group_currency,
        month,
        account_type_code,
        account_class_code,
        is_converted,
        case
            when account_type_code = 'equity' and account_class_code = 'translation_reserve'
                then amount + rounded_amount - check_amount
            else amount
        end as amount,
        month_amount
    from companies
    join checks using (client_id, entity_code, group_currency, month)
    union all
    select client_id, 'elimination', group_currency, month, account_type_code, account_class_code, is_converted,
        amount, month_amount
    from eliminations
    union all
    select
        client_id, 'elimination', group_currency, month, 'asset', 'intercompany_difference', true,
        -sum({{ group_side('amount') }}), null
    from eliminations
    where account_type_code in ('asset', 'liability', 'equity')
    group by client_id, group_currency, month
    union all
    select
        client_id, 'elimination', group_currency, month, 'revenue', 'intercompany_difference', true,
        -sum(amount), -sum(month_amount)
    from eliminations
    where account_type_code in ('revenue', 'expense')
    group by client_id, group_currency, month
)

select
    client_id,
    group_currency,
    month as group_month,
    entity_code,
    account_type_code,
    account_class_code,
    case when account_type_code in ('revenue', 'expense') then 'profit_and_loss' else 'balance_sheet' end
        as statement_code,
    is_converted,
    amount::numeric(24, 2) as amount,
    month_amount::numeric(24, 2) as month_amount,
    (sum({{ group_side('amount') }}) filter (where is_converted) over (partition by client_id, group_currency, month))
        ::numeric(24, 2) as check_amount,
    {{ cut_off() }} as known_at
from all_rows
