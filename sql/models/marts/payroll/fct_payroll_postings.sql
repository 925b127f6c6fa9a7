{{ config(indexes=[{'columns': ['client_id', 'posting_month']}]) }}

select
    client_id,
    entity_code,
    journal_id,
    document_id,
    posting_date,
    date_trunc('month', posting_date)::date as posting_month,
    account_id,
    currency_code,
    sum(debit_amount) as debit_amount,
    sum(credit_amount) as credit_amount,
    sum(debit_amount - credit_amount) as amount,
    count(*) as lines,
    {{ cut_off() }} as known_at
from {{ of_changed_months(ref('stg_ledgers__gl_entries'), 'posting_date') }} as line
where journal_type_code = 'payroll'
group by client_id, entity_code, journal_id, document_id, posting_date, account_id, currency_code
