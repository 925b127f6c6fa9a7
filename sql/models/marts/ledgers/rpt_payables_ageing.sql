-- A supplier's name is the one on its latest invoice: ledgers change spellings, and the number is what identifies it.
select
    client_id,
    source,
    supplier_id,
    (array_agg(supplier_name order by invoice_date desc, invoice_id desc) filter (where supplier_name is not null))[1]
        as supplier_name,
    currency_code,
    as_of_date,
    count(*) as open_invoices,
    coalesce(sum(open_amount) filter (where age_code = 'not_due'), 0) as not_due_amount,
    coalesce(sum(open_amount) filter (where age_code = 'days_1_30'), 0) as days_1_30_amount,
    coalesce(sum(open_amount) filter (where age_code = 'days_31_60'), 0) as days_31_60_amount,
    coalesce(sum(open_amount) filter (where age_code = 'days_61_90'), 0) as days_61_90_amount,
    coalesce(sum(open_amount) filter (where age_code = 'over_90_days'), 0) as over_90_days_amount,
    sum(open_amount) as open_amount,
    max(days_overdue) as oldest_days_overdue,
    {{ cut_off() }} as known_at
from {{ ref('fct_open_payables') }}
group by client_id, source, supplier_id, currency_code, as_of_date
