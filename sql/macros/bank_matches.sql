{# Pairs of bank lines and items of the books that agree in the columns `same`, the n-th of the one with the n-th of the
   other by date; from what the CTE `before` leaves open. `shift`: the books are that many days earlier. #}
{% macro bank_pairs(before, same, rule, shift=none) -%}
    {%- set within = same if shift is none else same + ['item_date'] %}
    select bank.item_key as bank_key, books.item_key as books_key, '{{ rule }}' as rule_code, bank.item_id as match_id
    from (
        select *, row_number() over (partition by {{ within | join(', ') }} order by item_date, item_id) as place
        from {{ before }}
        where side_code = 'bank' and item_code <> 'opening_balance'
    ) as bank
    join (
        select *, row_number() over (partition by {{ within | join(', ') }} order by item_date, item_id) as place
        from {{ before }}
        where side_code = 'books'
    ) as books
        on books.place = bank.place
        {% for column in same -%}
        and books.{{ column }} = bank.{{ column }}
        {% endfor -%}
        {% if shift is not none %}and books.item_date + ({{ shift }}) = bank.item_date{% endif %}
{%- endmacro %}

{# Of open items those that a match has not taken. #}
{% macro bank_still_open(before, matched) %}
    select item.*
    from {{ before }} as item
    where not exists (select from {{ matched }} as matched where matched.item_key = item.item_key)
{%- endmacro %}

{# The items of pairs, each with its match. #}
{% macro bank_both_sides(pairs) %}
    select bank_key as item_key, rule_code, match_id from {{ pairs }}
    union all
    select books_key, rule_code, match_id from {{ pairs }}
{%- endmacro %}
