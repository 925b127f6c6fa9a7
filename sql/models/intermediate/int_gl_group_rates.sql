-- Rates to the group's currency of every month of a client's books. Closing: the last closing rate up to the month's end,
-- else the last spot rate. Average: of the month, else the mean of its spot rates, else the last average rate before it,
-- else the closing rate. A pair that is delivered the other way round is turned.
with spans as (
    select client_id, currency_code, group_currency, min(month) as first_month, max(max(month)) over (
        partition by client_id
    ) as last_month
    from {{ ref('int_gl_group_movements') }}
    group by client_id, currency_code, group_currency
),

needs as (
    select
        client_id,
        currency_code,
        group_currency,
        month::date as month,
        (month + interval '1 month - 1 day')::date as month_end
    from spans
    cross join lateral generate_series(first_month::timestamp, last_month::timestamp, interval '1 month') as month
),

delivered as (
    select client_id, rate_type_code, from_currency, to_currency, rate_date, rate, 1 as rank, source
    from {{ ref('stg_ledgers__exchange_rates') }}
    union all
    select client_id, rate_type_code, to_currency, from_currency, rate_date, 1 / rate, 2, source
    from {{ ref('stg_ledgers__exchange_rates') }}
    where rate > 0
),

rates as (
    select distinct on (client_id, rate_type_code, from_currency, to_currency, rate_date) *
    from delivered
    order by client_id, rate_type_code, from_currency, to_currency, rate_date, rank, source
),

found as (
    select
        needs.*,
        (array_agg(rate order by rate_date desc) filter (where rate_type_code = 'closing'))[1] as last_closing_rate,
        (array_agg(rate order by rate_date desc) filter (where rate_type_code = 'spot'))[1] as last_spot_rate,
        (array_agg(rate order by rate_date desc) filter (where rate_type_code = 'average'))[1] as last_average_rate,
        avg(rate) filter (where rate_type_code = 'average' and rate_date >= month) as average_of_month,
        avg(rate) filter (where rate_type_code = 'spot' and rate_date >= month) as spot_of_month
    from needs
    left join rates
        on rates.client_id = needs.client_id and rates.from_currency = needs.currency_code
        and rates.to_currency = needs.group_currency and rates.rate_date <= needs.month_end
    group by needs.client_id, needs.currency_code, needs.group_currency, needs.month, needs.month_end
)

select
    client_id,
    currency_code,
    group_currency,
    month,
    case
        when currency_code = group_currency then 1
        else coalesce(last_closing_rate, last_spot_rate)
    end::numeric(24, 12) as closing_rate,
    case
        when currency_code = group_currency then 1
        else coalesce(
            average_of_month, spot_of_month, last_average_rate, last_closing_rate, last_spot_rate
        )
    end::numeric(24, 12) as average_rate
from found
