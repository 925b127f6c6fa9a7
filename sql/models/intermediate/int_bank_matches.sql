{{ config(pre_hook="set local enable_nestloop = off") }}

-- Which lines of the bank and items of the books are one event, each in one match at most. The rules from the surest on, each
-- for what the ones before left open:
--   reference               same reference and amount, one to one
--   reference_sum           all that is left of a reference comes to the same on both sides: collective payments, instalments
--   reference_other_amount  one line and one item of a reference within a month, with a difference: charges, mistakes
--   amount_and_date         same amount within five days, the nearest first
--   opening_balance         the balance before the first statement, and what the books show until then
-- A line of no amount is a match of its own (no_amount): a statement without movements has one.
-- The steps have no statistics: planned as loops, 7,000 items took 47 s.
{%- set window_days = 5 %}
{%- set month_days = 31 %}
{%- set same = ['client_id', 'unit_id', 'currency_code'] %}

with items as (
    select
        item_key, client_id, unit_id, currency_code, side_code, item_code, item_id, item_date, item_amount, is_opening,
        {% for column in ('reference', 'other_reference', 'third_reference') -%}
        nullif(upper(regexp_replace({{ column }}, '[^[:alnum:]]', '', 'g')), '') as {{ column }}
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    from {{ ref('int_bank_items') }}
),

written as (
    select item_key, client_id, unit_id, side_code, each.place, each.reference
    from items
    cross join lateral (
        values (1, items.reference), (2, other_reference), (3, third_reference)) as each (place, reference)
    where each.reference is not null
),

-- Of the references of an item the first one that the other side knows.
known as (
    select distinct on (own.item_key) own.item_key, own.reference
    from written as own
    join (select distinct client_id, unit_id, side_code, reference from written) as other
        on other.client_id = own.client_id
        and other.unit_id = own.unit_id
        and other.reference = own.reference
        and other.side_code <> own.side_code
    order by own.item_key, own.place
),

open_0 as (
    select
        item_key, item.client_id, item.unit_id, item.currency_code, item.side_code, item.item_code, item.item_id,
        item.item_date, item.item_amount, item.is_opening, known.reference
    from items as item
    left join known using (item_key)
),

matched_0 as (
    select item_key, 'no_amount' as rule_code, item_id as match_id
    from open_0
    where item_amount = 0
),

open_1 as ({{ bank_still_open('open_0', 'matched_0') }}
),

pairs_1 as (
    {{ bank_pairs('open_1', same + ['reference', 'item_amount'], 'reference') }}
),

matched_1 as ({{ bank_both_sides('pairs_1') }}
),

open_2 as ({{ bank_still_open('open_1', 'matched_1') }}
),

by_reference as (
    select
        client_id, unit_id, currency_code, reference,
        min(item_id) filter (where side_code = 'bank') as match_id,
        count(*) filter (where side_code = 'bank') as bank_items,
        count(*) filter (where side_code = 'books') as books_items,
        sum(item_amount) filter (where side_code = 'bank') as bank_amount,
        sum(item_amount) filter (where side_code = 'books') as books_amount,
        max(item_date) - min(item_date) as days
    from open_2
    where reference is not null
    group by client_id, unit_id, currency_code, reference
),

matched_2 as (
    select
        item.item_key,
        case when bank_amount = books_amount then 'reference_sum' else 'reference_other_amount' end as rule_code,
        match_id
    from open_2 as item
    join by_reference using (client_id, unit_id, currency_code, reference)
    where
        bank_items > 0 and books_items > 0
        and (bank_amount = books_amount or bank_items = 1 and books_items = 1 and days <= {{ month_days }})
),

open_3_0 as ({{ bank_still_open('open_2', 'matched_2') }}
),

{% set shifts = [0] -%}
{% for day in range(1, window_days + 1) %}{% do shifts.extend([day, -day]) %}{% endfor -%}
{% for shift in shifts -%}
pairs_3_{{ loop.index }} as (
    {{ bank_pairs('open_3_' ~ loop.index0, same + ['item_amount'], 'amount_and_date', shift) }}
),

matched_3_{{ loop.index }} as ({{ bank_both_sides('pairs_3_' ~ loop.index) }}
),

open_3_{{ loop.index }} as ({{ bank_still_open('open_3_' ~ loop.index0, 'matched_3_' ~ loop.index) }}
),

{% endfor -%}
openings as (
    select
        client_id, unit_id, currency_code, min(item_id) as match_id, sum(item_amount) as bank_amount,
        min(item_date) as first_date
    from open_3_{{ shifts | length }}
    where item_code = 'opening_balance'
    group by client_id, unit_id, currency_code
),

until_then as (
    select client_id, unit_id, currency_code, item.item_key, item.item_amount
    from open_3_{{ shifts | length }} as item
    join openings using (client_id, unit_id, currency_code)
    where item.side_code = 'books' and (item.item_date < first_date or item.is_opening)
),

agreeing as (
    select client_id, unit_id, currency_code
    from until_then
    join openings using (client_id, unit_id, currency_code)
    group by client_id, unit_id, currency_code
    having sum(item_amount) = min(bank_amount)
),

matched_4 as (
    select item_key, 'opening_balance' as rule_code, match_id
    from until_then
    join agreeing using (client_id, unit_id, currency_code)
    join openings using (client_id, unit_id, currency_code)
    union all
    select item.item_key, 'opening_balance', match_id
    from open_3_{{ shifts | length }} as item
    join agreeing using (client_id, unit_id, currency_code)
    join openings using (client_id, unit_id, currency_code)
    where item.item_code = 'opening_balance'
)

select item_key, rule_code, match_id from matched_0
union all
select item_key, rule_code, match_id from matched_1
union all
select item_key, rule_code, match_id from matched_2
{% for shift in shifts -%}
union all
select item_key, rule_code, match_id from matched_3_{{ loop.index }}
{% endfor -%}
union all
select item_key, rule_code, match_id from matched_4
