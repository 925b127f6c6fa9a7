-- Of changed months the planner expects a handful of journals, and would compare each with all of its client, by a merge or
-- a loop: hashed, a month of 14,000 beside 230,000 takes a second instead of half a minute.
{{ config(
    indexes=[{'columns': ['client_id', 'posting_month']}],
    pre_hook=['set local enable_mergejoin = off', 'set local enable_nestloop = off'],
) }}

{%- set weights = {
    'round sum': ('is_round', 1), 'weekend': ('is_weekend', 1), 'back-dated': ('is_back_dated', 2),
    'unusual pair': ('is_unusual_pair', 3), 'manual': ('is_manual', 1), 'reverses soon after': ('is_soon_reversal', 2),
    'entered by who enters few': ('is_by_few', 2),
} %}
-- The score adds up what each reason weighs; it orders journals for a reader and proves nothing.
with reversed as (
    select client_id, entity_code, journal_id, min(posting_date) as posting_date
    from {{ whole_of_changed_clients(ref('fct_gl_journals'), 'ledgers_gl_entries') }} as journal
    group by client_id, entity_code, journal_id
),

judged as (
    select
        journal.*,
        coalesce(pair.is_unusual, false) as is_unusual_pair,
        reversed.posting_date as reversed_posting_date,
        coalesce(journal.posting_date - reversed.posting_date between 0 and 10, false) as is_soon_reversal
    from {{ of_changed_months(whole(ref('fct_gl_journals')), 'posting_month') }} as journal
    left join {{ ref('int_gl_account_pairs') }} as pair -- one side may lack; `is not distinct from` would be a loop
        on pair.client_id = journal.client_id
        and coalesce(pair.debit_account_id, '') = coalesce(journal.debit_account_id, '')
        and coalesce(pair.credit_account_id, '') = coalesce(journal.credit_account_id, '')
    left join reversed
        on reversed.client_id = journal.client_id and reversed.entity_code = journal.entity_code
        and reversed.journal_id = journal.reversed_journal_id
)

select
    client_id,
    entity_code,
    journal_id,
    posting_month,
    posting_date,
    entered_date,
    journal_type_code,
    debit_account_id,
    credit_account_id,
    amount,
    lines,
    reversed_journal_id,
    reversed_posting_date,
    is_round,
    is_weekend,
    is_back_dated,
    is_unusual_pair,
    is_manual,
    is_soon_reversal,
    is_by_few,
    concat_ws(
        ', '
        {%- for reason, (flag, weight) in weights.items() %},
        case when {{ flag }} then '{{ reason }}' end
        {%- endfor %}
    ) as reasons,
    {% for flag, weight in weights.values() -%}
    {{ flag }}::integer * {{ weight }}{{ ' + ' if not loop.last }}
    {%- endfor %} as score,
    {{ cut_off() }} as known_at
from judged
