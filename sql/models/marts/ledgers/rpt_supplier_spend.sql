{{ config(indexes=[{'columns': ['client_id', 'spend_month']}]) }}

select
    client_id,
    supplier_key,
    min(supplier_name) as supplier_name,
    spend_month,
    currency_code,
    sum(spend_amount) as spend_amount,
    count(*) as lines,
    count(distinct (source, document_id)) filter (where document_id is not null) as documents,
    count(*) filter (where document_id is null) as lines_without_document,
    count(distinct supplier_name_as_written) as spellings,
    {{ cut_off() }} as known_at
from {{ ref('fct_spend_lines') }}
group by client_id, supplier_key, spend_month, currency_code
