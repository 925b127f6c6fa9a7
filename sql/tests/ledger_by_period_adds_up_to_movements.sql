-- Every movement stands in its account's row of its period, and there is none beside them.
with movements as (
    select client_id, entity_code, currency_code, account_id, period_code, debit_amount, credit_amount
    from {{ ref('int_gl_movements') }}
),

ledger as (
    select client_id, entity_code, currency_code, account_id, period_code, debit_amount, credit_amount
    from {{ ref('rpt_general_ledger_by_period') }}
    where not is_computed and (debit_amount <> 0 or credit_amount <> 0)
)

select client_id, entity_code, account_id, period_code
from movements
full join ledger using (client_id, entity_code, currency_code, account_id, period_code)
where
    coalesce(movements.debit_amount, 0) <> coalesce(ledger.debit_amount, 0)
    or coalesce(movements.credit_amount, 0) <> coalesce(ledger.credit_amount, 0)
