-- Debits and credits are those of the lines in core, per client, entity, account, month and currency of the transaction.
with core as (
    select
        client_id,
        entity_code,
        account_id,
        date_trunc('month', posting_date)::date as posting_month,
        currency_code,
        sum(debit_amount) as debit_amount,
        sum(credit_amount) as credit_amount,
        count(*) as lines
    from {{ source('core', 'ledgers_gl_entries') }}
    where {{ known_at_cut_off() }}
    group by 1, 2, 3, 4, 5
)

select
    client_id, entity_code, account_id, posting_month, currency_code, core.debit_amount, mart.debit_amount as in_mart
from core
full join {{ whole(ref('fct_gl_currency_movements')) }} as mart
    using (client_id, entity_code, account_id, posting_month, currency_code)
where (core.debit_amount, core.credit_amount, core.debit_amount - core.credit_amount, core.lines)
    is distinct from (mart.debit_amount, mart.credit_amount, mart.amount, mart.lines)
