-- Two origins, never added up: published spend lines, and the invoices of the payables ledger. A supplier has the same key in
-- both when its name is written as on some spend line, or comes to the same bare words.
with lines as (
    select * from {{ whole_of_changed_clients(ref('fct_spend_lines'), 'ledgers_spend') }} as spend_line
),

spellings as (
    select client_id, supplier_name_as_written as spelling, min(supplier_key) as supplier_key
    from lines
    group by client_id, supplier_name_as_written
),

partners as (
    select distinct on (client_id, partner_id) client_id, partner_id, partner_name
    from {{ ref('stg_ledgers__partners') }}
    order by client_id, partner_id, source
),

invoices as (
    select
        invoice.*,
        coalesce(invoice.supplier_name, partners.partner_name, invoice.supplier_id) as written_name
    from {{ ref('stg_ledgers__payables') }} as invoice
    left join partners on partners.client_id = invoice.client_id and partners.partner_id = invoice.supplier_id
),

worded as (
    select *, coalesce(nullif({{ plain_words('written_name') }}, ''), written_name) as words
    from invoices
),

parts as (
    select
        client_id, 'spend_lines' as origin_code, supplier_key, supplier_name, spend_month, currency_code,
        spend_amount, false as is_with_tax, concat_ws('/', source, document_id) as document,
        document_id is not null as has_document, document_date
    from lines
    union all
    select
        worded.client_id, 'payables', coalesce(spellings.supplier_key, {{ without_legal_form('words') }}),
        written_name, date_trunc('month', invoice_date)::date, currency_code,
        coalesce(net_amount, gross_amount), net_amount is null,
        concat_ws('/', worded.source, supplier_id, invoice_id), true, invoice_date
    from worded
    left join spellings on spellings.client_id = worded.client_id and spellings.spelling = worded.written_name
)

select
    client_id,
    origin_code,
    supplier_key,
    (array_agg(supplier_name order by document_date desc, supplier_name))[1] as supplier_name,
    spend_month,
    currency_code,
    sum(spend_amount) as spend_amount,
    count(*) as lines,
    count(distinct document) filter (where has_document) as documents,
    count(*) filter (where is_with_tax) as lines_with_tax,
    {{ cut_off() }} as known_at
from parts
group by client_id, origin_code, supplier_key, spend_month, currency_code
