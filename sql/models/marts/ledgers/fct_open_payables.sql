with invoices as (
    select
        invoice.*,
        coalesce(client.as_of_date, ({{ cut_off() }} at time zone 'UTC')::date) as as_of_date
    from {{ ref('stg_ledgers__payables') }} as invoice
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
    where invoice.open_amount <> 0
),

aged as (
    select *, as_of_date - due_date as days_overdue
    from invoices
)

select
    client_id,
    source,
    supplier_id,
    supplier_name,
    invoice_id,
    invoice_date,
    due_date,
    gross_amount,
    open_amount,
    currency_code,
    status_code,
    as_of_date,
    days_overdue,
    {{ age_code('days_overdue') }} as age_code,
    delivery_id,
    row_number,
    row_part,
    {{ cut_off() }} as known_at
from aged
