{{ config(indexes=[{'columns': ['client_id', 'posting_month']}]) }}

select
    client_id,
    debit_account_id,
    credit_account_id,
    posting_month,
    count(*) as journals,
    {{ cut_off() }} as known_at
from {{ ref('fct_gl_journals') }}
group by client_id, debit_account_id, credit_account_id, posting_month
