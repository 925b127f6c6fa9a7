-- Payroll journals of the months made anew are those in core, per client, company, month and currency.
with core as (
    select client_id, entity_code, date_trunc('month', posting_date)::date as posting_month, currency_code,
        count(*) as lines, sum(debit_amount) as debit_amount, sum(credit_amount) as credit_amount
    from {{ of_changed_months(ref('stg_ledgers__gl_entries'), 'posting_date', ref('fct_payroll_postings')) }} as line
    where journal_type_code = 'payroll'
    group by 1, 2, 3, 4
),

mart as (
    select client_id, entity_code, posting_month, currency_code,
        sum(lines) as lines, sum(debit_amount) as debit_amount, sum(credit_amount) as credit_amount
    from {{ ref('fct_payroll_postings') }}
    group by 1, 2, 3, 4
)

select client_id, entity_code, posting_month, currency_code, core.lines, mart.lines as mart_lines
from core
full join mart using (client_id, entity_code, posting_month, currency_code)
where (core.lines, core.debit_amount, core.credit_amount)
    is distinct from (mart.lines, mart.debit_amount, mart.credit_amount)
