select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    company_tax_id,
    period_start_date,
    period_end_date,
    section_code,
    entity_code,
    company_name,
    file_format_code,
    format_version,
    entries_said,
    entries_found,
    lines_found,
    debit_said_amount,
    debit_found_amount,
    credit_said_amount,
    credit_found_amount,
    said_quantity,
    found_quantity,
    missing_numbers,
    faulty_documents,
    balance_faults,
    structure_faults,
    currency_code,
    software_name,
    created_date,
    {{ address() }}
from {{ source('core', 'ledgers_audit_files') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('ledgers_audit_files') }}
