{# What the marts of people share: versions, days, small groups. #}

{# Rows `version` of a core table that were known at the cut-off or before it, current or not. #}
{% macro known_so_far() -%}
    version._known_from <= {{ cut_off() }}
{%- endmacro %}

{# When such a row ended; null for one that was current at the cut-off. #}
{% macro ended_so_far() -%}
    case when version._known_to <= {{ cut_off() }} then version._known_to end
{%- endmacro %}

{# Whether a version ended because its delivery was withdrawn: nobody left or moved then. The moment is written in the
   transaction that ends the version, so whoever's it is is among the changed clients: no source of its own, which would
   make the mart one that is always built whole. #}
{% macro taken_back(feed) -%}
    exists (
        select
        from ops.delivery as taken
        where
            taken.client_id = version.client_id and taken.feed = '{{ feed }}' and taken.source = version._source
            and taken.taken_back_at = {{ ended_so_far() }}
    )
{%- endmacro %}

{# The date of a client, of which the row of `stg_ops__clients` is left joined as `client`. #}
{% macro today() -%}
    coalesce(client.as_of_date, ({{ cut_off() }} at time zone 'UTC')::date)
{%- endmacro %}

{# Mondays to Fridays up to a day, counted from the first Monday of the calendar. #}
{% macro weekdays_until(day) -%}
    (({{ day }} - date '0001-01-01') / 7 * 5 + least(({{ day }} - date '0001-01-01') % 7 + 1, 5))
{%- endmacro %}

{# Mondays to Fridays of a span, both ends included; 0 for a span that ends before it begins.
   Friday 2026-05-29 to Monday 2026-06-01 → 2. #}
{% macro weekdays(first, last) -%}
    greatest({{ weekdays_until(last) }} - {{ weekdays_until('(' ~ first ~ ' - 1)') }}, 0)
{%- endmacro %}

{# Fewest people that a figure about restricted columns may be made of. #}
{% macro least_people() %}{{ return(5) }}{% endmacro %}

{# Whether a group is too small to be shown, or is hidden beside one that is: the groups of a total are hidden from the
   smallest on until there are two and the people of all of them but the last are enough, so that the total less what is
   shown is the figure of no small group. `members_overlap`: a person may be in several groups, and only the largest of
   those hidden before counts, not their sum. Asks for the window `by_size`: the groups of a total by people and name. #}
{% macro is_suppressed(people, members_overlap=false) -%}
    {{ people }} < {{ least_people() }}
    or min({{ people }}) over (by_size rows between unbounded preceding and current row) < {{ least_people() }}
    and (
        row_number() over by_size = 2
        or coalesce({{ 'max' if members_overlap else 'sum' }}({{ people }}) over (
            by_size rows between unbounded preceding and 1 preceding), 0) < {{ least_people() }}
    )
{%- endmacro %}

{# A figure of a group that is shown. #}
{% macro shown(figure) -%}
    case when not is_suppressed then {{ figure }} end
{%- endmacro %}

{# An amount per month of one that is paid by a period: 26 or 52 of them make a year. Empty = monthly. #}
{% macro per_month(amount, frequency) -%}
    {{ amount }} * case {{ frequency }}
        when 'yearly' then 1.0 when 'biweekly' then 26.0 when 'weekly' then 52.0 else 12.0 end / 12
{%- endmacro %}
