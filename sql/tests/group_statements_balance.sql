-- Assets = liabilities + equity of the group, but for what entries are out of balance by, at the closing rate of their month:
-- the translation reserve is rolled forward and not what is left over.
with entries as (
    select client_id, entity_code, group_currency, currency_code, month, sum(amount) as amount
    from {{ ref('int_gl_group_movements') }}
    group by client_id, entity_code, group_currency, currency_code, month
),

companies as (
    select distinct client_id, entity_code, group_currency, month
    from {{ ref('int_gl_group_positions') }}
    where is_converted
),

out_of_balance as (
    select
        companies.client_id, companies.entity_code, companies.group_currency, companies.month,
        round(coalesce(sum(entries.amount * rate.closing_rate), 0), 2) as amount
    from companies
    join entries
        on entries.client_id = companies.client_id and entries.entity_code = companies.entity_code
        and entries.group_currency = companies.group_currency and entries.month <= companies.month
    join {{ ref('int_gl_group_rates') }} as rate
        on rate.client_id = companies.client_id and rate.currency_code = entries.currency_code
        and rate.group_currency = companies.group_currency and rate.month = entries.month
    group by companies.client_id, companies.entity_code, companies.group_currency, companies.month
),

expected as (
    select client_id, group_currency, month as group_month, sum(amount) as amount
    from out_of_balance
    group by client_id, group_currency, month
),

shown as (
    select
        client_id, group_currency, group_month, check_amount,
        sum({{ group_side('amount') }}) filter (where is_converted) as amount
    from {{ ref('rpt_group_statements') }}
    group by client_id, group_currency, group_month, check_amount
)

select client_id, group_currency, group_month
from shown
full join expected using (client_id, group_currency, group_month)
where shown.amount is distinct from expected.amount or shown.check_amount is distinct from expected.amount
