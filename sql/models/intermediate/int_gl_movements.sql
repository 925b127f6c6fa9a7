-- The movements of the changed clients by account and period, with the parts that statements leave out: opening entries
-- bring balances and no flows, closing entries carry the result to equity, revaluations of cash are no payments.
select
    client_id,
    entity_code,
    currency_code,
    account_id,
    period_code,
    sum(debit_amount)::numeric(24, 2) as debit_amount,
    sum(credit_amount)::numeric(24, 2) as credit_amount,
    sum(amount)::numeric(24, 2) as amount,
    coalesce(sum(amount) filter (where entry_kind_code = 'opening'), 0)::numeric(24, 2)
        as opening_entry_amount,
    coalesce(sum(amount) filter (where entry_kind_code = 'closing'), 0)::numeric(24, 2)
        as closing_entry_amount,
    coalesce(sum(amount) filter (where entry_kind_code = 'revaluation'), 0)::numeric(24, 2)
        as revaluation_amount,
    sum(lines)::bigint as lines
from {{ whole_of_changed_clients(ref('fct_gl_movements'), 'ledgers_gl_entries') }} as movement
group by client_id, entity_code, currency_code, account_id, period_code
