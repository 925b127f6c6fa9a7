-- Each company's statements in the group's currency by month: assets and liabilities at the closing rate, result at the
-- average rate of its month, equity as entries deliver it (else at the average rate of its month). The translation reserve
-- rolls forward by IAS 21.41: opening net assets at the change of the closing rate, and result and movements of equity
-- at closing less the rate they are converted at.
with spans as (
    select client_id, entity_code, group_currency, currency_code, min(month) as first_month
    from {{ ref('int_gl_group_movements') }}
    group by client_id, entity_code, group_currency, currency_code
),

months as (
    select
        spans.client_id,
        spans.entity_code,
        spans.group_currency,
        spans.currency_code,
        rate.month,
        rate.closing_rate,
        rate.average_rate,
        max(year.fiscal_year) as fiscal_year
    from spans
    join {{ ref('int_gl_group_rates') }} as rate using (client_id, currency_code, group_currency)
    join (select distinct client_id, entity_code, month, fiscal_year from {{ ref('int_gl_group_movements') }}) as year
        on year.client_id = spans.client_id and year.entity_code = spans.entity_code and year.month <= rate.month
    where rate.month >= spans.first_month
    group by 1, 2, 3, 4, 5, 6, 7
),

classes as (
    select distinct client_id, entity_code, group_currency, currency_code, account_type_code, account_class_code
    from {{ ref('int_gl_group_movements') }}
),

monthly as (
    select
        client_id,
        entity_code,
        group_currency,
        currency_code,
        month,
        months.fiscal_year,
        closing_rate,
        average_rate,
        account_type_code,
        account_class_code,
        coalesce(sum(movement.amount), 0) as amount,
        coalesce(sum(movement.delivered_amount), 0) as delivered_amount,
        coalesce(sum(movement.undelivered_amount), 0) as undelivered_amount,
        coalesce(sum(movement.amount) filter (where movement.fiscal_year < months.fiscal_year), 0) as late_amount
    from months
    join classes using (client_id, entity_code, group_currency, currency_code)
    left join {{ ref('int_gl_group_movements') }} as movement
        using (client_id, entity_code, group_currency, currency_code, month, account_type_code, account_class_code)
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
),

balances as (
    select
        *,
        sum(amount) over class as local_amount,
        sum(delivered_amount + undelivered_amount * average_rate) over class as equity_amount,
        sum(amount * average_rate) over class as result_amount,
        sum((amount - late_amount) * average_rate) over class_and_year as year_amount
    from monthly
    window
        class as (
            partition by client_id, entity_code, group_currency, currency_code, account_type_code, account_class_code
            order by month
        ),
        class_and_year as (
            partition by
                client_id, entity_code, group_currency, currency_code, account_type_code, account_class_code, fiscal_year
            order by month
        )
),

totals as (
    select
        client_id,
        entity_code,
        group_currency,
        currency_code,
        month,
        closing_rate,
        average_rate,
        coalesce(sum(local_amount) filter (where account_type_code in ('asset', 'liability')), 0) as net_assets,
        -coalesce(sum(amount) filter (where account_type_code in ('revenue', 'expense')), 0) as result,
        -coalesce(sum(amount) filter (where account_type_code = 'equity'), 0) as equity_movement,
        -coalesce(
            sum(delivered_amount + undelivered_amount * average_rate) filter (where account_type_code = 'equity'), 0
        ) as converted_equity_movement,
        -coalesce(sum(result_amount - year_amount) filter (where account_type_code in ('revenue', 'expense')), 0)
            as earlier_earnings,
        -coalesce(sum(year_amount) filter (where account_type_code in ('revenue', 'expense')), 0) as year_earnings
    from balances
    group by client_id, entity_code, group_currency, currency_code, month, closing_rate, average_rate
),

differences as (
    select
        *,
        coalesce(lag(net_assets) over entity * (closing_rate - lag(closing_rate) over entity), 0)
        + result * (closing_rate - average_rate)
        + equity_movement * closing_rate - converted_equity_movement as difference
    from totals
    window entity as (partition by client_id, entity_code, group_currency, currency_code order by month)
),

lines as (
    select
        client_id, entity_code, group_currency, currency_code, month, account_type_code, account_class_code,
        case
            when account_type_code = 'asset' then local_amount * closing_rate
            when account_type_code = 'liability' then -local_amount * closing_rate
            when account_type_code = 'equity' then -equity_amount
            else -year_amount
        end as amount,
        case when account_type_code in ('revenue', 'expense') then -amount * average_rate end as month_amount
    from balances
    union all
    select
        client_id, entity_code, group_currency, currency_code, month, 'equity', 'translation_reserve',
        sum(difference) over (partition by client_id, entity_code, group_currency, currency_code order by month), null
    from differences
    union all
    select
        client_id, entity_code, group_currency, currency_code, month, 'equity', 'retained_earnings', earlier_earnings,
        null
    from totals
    union all
    select
        client_id, entity_code, group_currency, currency_code, month, 'equity', 'current_year_earnings', year_earnings,
        null
    from totals
),

rated as (
    select
        client_id, entity_code, group_currency, currency_code, month,
        bool_and(closing_rate is not null and average_rate is not null) over (
            partition by client_id, entity_code, group_currency order by month
        ) as is_converted
    from months
)

select
    client_id,
    entity_code,
    group_currency,
    month,
    account_type_code,
    account_class_code,
    bool_and(is_converted) as is_converted,
    case when bool_and(is_converted) then sum(amount) end::numeric(38, 12) as amount,
    case when bool_and(is_converted) then sum(month_amount) end::numeric(38, 12) as month_amount
from lines
join rated using (client_id, entity_code, group_currency, currency_code, month)
group by client_id, entity_code, group_currency, month, account_type_code, account_class_code
