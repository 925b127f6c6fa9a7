-- Both sides of the reconciliation, signed as money in the bank. The bank's: the balance before its first statement, and
-- every line. The books': entries on the ledger account, or payments where there are none.
with statements as (
    select distinct on (client_id, source, bank_account_id)
        client_id, source, bank_account_id, statement_date, opening_amount, currency_code, delivery_id, row_number, row_part,
        min(booking_date) over (partition by client_id, source, bank_account_id) as first_date
    from {{ ref('int_bank_lines') }}
    where is_of_statement
    order by client_id, source, bank_account_id, statement_date, statement_number, statement_id, line_id
),

payments as (
    select distinct on (client_id, source, payment_id) *
    from {{ ref('stg_ledgers__payments') }}
    order by client_id, source, payment_id, allocation_id
),

payment_references as (
    select distinct on (client_id, journal_id, entity_code)
        client_id, journal_id, entity_code, bank_reference, payment_id
    from payments
    where journal_id is not null
    order by client_id, journal_id, entity_code, source, payment_id
),

ledger_units as (
    select distinct on (client_id, entity_code, account_id) client_id, entity_code, account_id, currency_code, unit_id
    from {{ ref('int_bank_units') }}
    where account_id is not null
    order by client_id, entity_code, account_id, bank_account_id
),

entries as (
    select distinct on (line.client_id, line.source, line.entity_code, line.journal_id, line.line_id)
        line.*, unit.unit_id, unit.currency_code as bank_currency
    from {{ whole_of_changed_clients(ref('fct_gl_lines'), 'ledgers_gl_entries') }} as line
    join ledger_units as unit
        on unit.client_id = line.client_id
        and unit.account_id = line.account_id
        and (unit.entity_code is null or unit.entity_code = line.entity_code)
    order by line.client_id, line.source, line.entity_code, line.journal_id, line.line_id, unit.entity_code nulls last
),

items as (
    select
        statement.client_id, unit.unit_id, statement.bank_account_id, unit.entity_code, unit.account_id,
        'bank' as side_code, 'opening_balance' as item_code,
        concat_ws('/', statement.source, statement.bank_account_id, 'opening') as item_id,
        first_date as item_date, statement.opening_amount as item_amount, statement.currency_code,
        null as reference, null as other_reference, null as third_reference,
        null as statement_id, null as line_id, null as journal_id, null as payment_id,
        null as counterparty_name, null as remittance_text, false as is_opening,
        statement.delivery_id, statement.row_number, statement.row_part
    from statements as statement
    join {{ ref('int_bank_units') }} as unit using (client_id, bank_account_id)
    union all
    select
        line.client_id, unit.unit_id, line.bank_account_id, unit.entity_code, unit.account_id,
        'bank', 'bank_line', concat_ws('/', line.source, line.bank_account_id, line.statement_id, line.line_id),
        line.booking_date, line.transaction_amount, line.currency_code,
        line.end_to_end_id, line.bank_reference, null,
        line.statement_id, line.line_id, null, null,
        line.counterparty_name, line.remittance_text, false,
        line.delivery_id, line.row_number, line.row_part
    from {{ ref('int_bank_lines') }} as line
    join {{ ref('int_bank_units') }} as unit using (client_id, bank_account_id)
    union all
    select
        entry.client_id, entry.unit_id, null, entry.entity_code, entry.account_id,
        'books', 'entry', concat_ws('/', entry.source, entry.entity_code, entry.journal_id, entry.line_id),
        entry.posting_date,
        case when entry.transaction_currency <> entry.bank_currency and entry.currency_code = entry.bank_currency
            then entry.amount else entry.transaction_amount end,
        case when entry.transaction_currency <> entry.bank_currency and entry.currency_code = entry.bank_currency
            then entry.currency_code else entry.transaction_currency end,
        payment.bank_reference, entry.document_id, payment.payment_id,
        null, entry.line_id, entry.journal_id, payment.payment_id,
        null, null, coalesce(entry.journal_type_code = 'opening', false),
        entry.delivery_id, entry.row_number, entry.row_part
    from entries as entry
    left join payment_references as payment
        on payment.client_id = entry.client_id
        and payment.journal_id = entry.journal_id
        and (payment.entity_code is null or payment.entity_code = entry.entity_code)
    union all
    select
        payment.client_id, unit.unit_id, payment.bank_account_id, unit.entity_code, null,
        'books', 'payment', concat_ws('/', payment.source, payment.payment_id),
        payment.payment_date,
        case payment.direction_code when 'in' then payment.payment_amount else - payment.payment_amount end,
        payment.currency_code,
        payment.bank_reference, payment.payment_id, null,
        null, null, payment.journal_id, payment.payment_id,
        null, null, false,
        payment.delivery_id, payment.row_number, payment.row_part
    from payments as payment
    join {{ ref('int_bank_units') }} as unit using (client_id, bank_account_id)
    where unit.account_id is null
)

select
    concat_ws('|', client_id, side_code, item_id) as item_key,
    client_id,
    unit_id,
    bank_account_id,
    entity_code,
    account_id,
    side_code,
    item_code,
    item_id,
    item_date,
    item_amount::numeric(18, 2) as item_amount,
    currency_code,
    reference,
    other_reference,
    third_reference,
    statement_id,
    line_id,
    journal_id,
    payment_id,
    counterparty_name,
    remittance_text,
    is_opening,
    delivery_id,
    row_number,
    row_part
from items
