{{ config(indexes=[{'columns': ['client_id', 'posting_month']}]) }}

select
    client_id,
    entity_code,
    account_id,
    fiscal_year,
    period_number,
    period_code,
    period_start_date,
    period_end_date,
    posting_month,
    case when journal_type_code in ('opening', 'closing', 'revaluation') then journal_type_code else 'regular' end
        as entry_kind_code,
    counterparty_entity_code,
    currency_code,
    sum(debit_amount) as debit_amount,
    sum(credit_amount) as credit_amount,
    sum(amount) as amount,
    group_currency,
    sum(group_debit_amount) as group_debit_amount,
    sum(group_credit_amount) as group_credit_amount,
    sum(group_amount) as group_amount,
    count(*) as lines,
    {{ cut_off() }} as known_at
from {{ ref('fct_gl_lines') }}
group by
    client_id, entity_code, account_id, fiscal_year, period_number, period_code, period_start_date, period_end_date,
    posting_month, 10, counterparty_entity_code, currency_code, group_currency
