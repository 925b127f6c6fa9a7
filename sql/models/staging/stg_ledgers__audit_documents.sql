select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    company_tax_id,
    section_code,
    document_id,
    internal_code,
    series_id,
    series_number,
    document_type,
    document_kind_code,
    status,
    document_date,
    entered_at,
    journal_id,
    partner_id,
    settles_id,
    corrects_id,
    line_count,
    debit_amount,
    credit_amount,
    net_amount,
    tax_amount,
    gross_amount,
    currency_code,
    message_faults,
    message_warnings,
    {{ address() }}
from {{ source('core', 'ledgers_audit_documents') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('ledgers_audit_documents') }}
