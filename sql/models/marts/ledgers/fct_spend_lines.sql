{{ config(indexes=[{'columns': ['client_id', 'spend_month']}]) }}

select
    line.client_id,
    line.source,
    line.spend_line_id,
    supplier.supplier_key,
    supplier.supplier_name,
    line.supplier_name as supplier_name_as_written,
    line.supplier_id,
    line.account_code,
    line.account_name,
    line.document_id,
    line.document_date,
    date_trunc('month', line.document_date)::date as spend_month,
    line.spend_amount,
    line.currency_code,
    line.delivery_id,
    line.row_number,
    line.row_part,
    {{ cut_off() }} as known_at
from {{ of_changed_months(ref('stg_ledgers__spend'), 'document_date') }} as line
join {{ ref('int_suppliers') }} as supplier
    on supplier.client_id = line.client_id and supplier.spelling = line.supplier_name
