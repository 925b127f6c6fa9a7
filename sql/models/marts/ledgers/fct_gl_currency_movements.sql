{{ config(indexes=[{'columns': ['client_id', 'posting_month']}]) }}

select
    client_id,
    entity_code,
    account_id,
    posting_month,
    transaction_currency as currency_code,
    sum(transaction_debit_amount) as debit_amount,
    sum(transaction_credit_amount) as credit_amount,
    sum(transaction_amount) as amount,
    count(*) as lines,
    {{ cut_off() }} as known_at
from {{ ref('fct_gl_lines') }}
group by client_id, entity_code, account_id, posting_month, transaction_currency
