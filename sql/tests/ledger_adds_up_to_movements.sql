-- Per account, period and month the ledger has the lines of the movements, and its last running amount is what the period
-- has come to by then.
with periods as (
    select
        client_id, entity_code, currency_code, account_id, period_code, posting_month,
        sum(lines) as lines, sum(debit_amount) as debit_amount, sum(credit_amount) as credit_amount,
        sum(sum(amount)) over (
            partition by client_id, entity_code, currency_code, account_id, period_code order by posting_month
        ) as running_amount
    from {{ whole_of_changed_clients(ref('fct_gl_movements'), 'ledgers_gl_entries') }} as movement
    group by client_id, entity_code, currency_code, account_id, period_code, posting_month
),

movements as (
    select * from {{ of_changed_months('periods', 'posting_month', ref('rpt_general_ledger')) }} as made
),

lines as (
    select
        *,
        row_number() over (
            partition by client_id, entity_code, currency_code, account_id, period_code, posting_month
            order by posting_date desc, journal_id desc, line_id desc, source desc
        ) as place
    from {{ ref('rpt_general_ledger') }}
),

ledger as (
    select
        client_id, entity_code, currency_code, account_id, period_code, posting_month,
        count(*) as lines, sum(debit_amount) as debit_amount, sum(credit_amount) as credit_amount,
        max(running_amount) filter (where place = 1) as running_amount
    from lines
    group by client_id, entity_code, currency_code, account_id, period_code, posting_month
)

select client_id, entity_code, account_id, period_code, posting_month
from movements
full join ledger using (client_id, entity_code, currency_code, account_id, period_code, posting_month)
where
    (movements.lines, movements.debit_amount, movements.credit_amount, movements.running_amount)
    is distinct from (ledger.lines, ledger.debit_amount, ledger.credit_amount, ledger.running_amount)
