-- Every posted line belongs to a journal that is judged, and a journal has reasons if and only if it has a score.
with movements as (
    select client_id, entity_code, posting_month, sum(lines) as lines
    from {{ whole_of_changed_clients(ref('fct_gl_movements'), 'ledgers_gl_entries') }} as movement
    group by client_id, entity_code, posting_month
),

posted as (
    select * from {{ of_changed_months('movements', 'posting_month', ref('rpt_journal_risk')) }} as made
),

judged as (
    select
        client_id, entity_code, posting_month, sum(lines) as lines,
        bool_and((score > 0) = (reasons <> '')) as is_reasoned
    from {{ ref('rpt_journal_risk') }}
    group by client_id, entity_code, posting_month
)

select client_id, entity_code, posting_month
from posted
full join judged using (client_id, entity_code, posting_month)
where posted.lines is distinct from judged.lines or not is_reasoned
