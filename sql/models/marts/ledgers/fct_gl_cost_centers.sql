{{ config(indexes=[{'columns': ['client_id', 'posting_month']}]) }}

-- Opening and closing entries are no activity of the month: they bring a balance, or carry the result to equity.
select
    client_id,
    entity_code,
    account_id,
    cost_center_id,
    posting_month,
    currency_code,
    sum(amount)::numeric(24, 2) as amount,
    count(*) as lines,
    {{ cut_off() }} as known_at
from {{ ref('fct_gl_lines') }}
where journal_type_code is null or journal_type_code not in ('opening', 'closing')
group by client_id, entity_code, account_id, cost_center_id, posting_month, currency_code
