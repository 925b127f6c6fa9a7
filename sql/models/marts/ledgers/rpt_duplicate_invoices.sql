-- Numbers are compared as letters and digits only, without the letters they begin with and leading zeros: RE-00417 = 417.
-- Pairs are found by equal amounts and bare numbers, so that no document is compared with all others.
{%- set near_days = 7 %}
with documents as (
    select
        client_id, source, ledger_code, partner_id, partner_name, invoice_id, entity_code, document_type_code,
        invoice_date, gross_amount, open_amount, currency_code,
        upper(regexp_replace(invoice_id, '[^[:alnum:]]', '', 'g')) as signs
    from {{ ref('int_subledger_documents') }}
    where gross_amount <> 0
),

numbered as (
    select
        *,
        coalesce(nullif(regexp_replace(signs, '^[[:alpha:]]*0*', ''), ''), nullif(signs, ''), invoice_id) as bare_number
    from documents
),

ordered as (
    select
        *,
        row_number() over (
            partition by client_id, ledger_code
            order by invoice_date, invoice_id, partner_id, source) as place
    from numbered
),

pairs as (
    select
        one.client_id,
        one.ledger_code,
        one.source,
        one.partner_id,
        one.partner_name,
        one.invoice_id,
        one.invoice_date,
        one.entity_code,
        other.source as other_source,
        other.partner_id as other_partner_id,
        other.partner_name as other_partner_name,
        other.invoice_id as other_invoice_id,
        other.invoice_date as other_invoice_date,
        other.entity_code as other_entity_code,
        one.gross_amount,
        one.currency_code,
        least(abs(one.open_amount), abs(other.open_amount)) as open_amount,
        other.invoice_date - one.invoice_date as days_apart,
        one.partner_id = other.partner_id as is_same_partner,
        one.invoice_id = other.invoice_id as is_same_number
    from ordered as one
    join ordered as other
        on other.client_id = one.client_id
        and other.ledger_code = one.ledger_code
        and other.currency_code = one.currency_code
        and other.gross_amount = one.gross_amount
        and other.bare_number = one.bare_number
        and other.place > one.place
),

judged as (
    select
        *,
        case
            when is_same_partner and is_same_number then 'same_number'
            when is_same_partner and days_apart <= {{ near_days }} then 'number_alike'
            when not is_same_partner and is_same_number then 'other_partner'
        end as rule_code
    from pairs
)

select
    client_id,
    ledger_code,
    source,
    partner_id,
    partner_name,
    invoice_id,
    invoice_date,
    entity_code,
    other_source,
    other_partner_id,
    other_partner_name,
    other_invoice_id,
    other_invoice_date,
    other_entity_code,
    gross_amount,
    currency_code,
    open_amount,
    days_apart,
    rule_code,
    case rule_code when 'same_number' then 80 when 'number_alike' then 70 else 50 end
        + case when days_apart = 0 then 20 when days_apart <= {{ near_days }} then 10 else 0 end as score,
    concat_ws(
        ', ',
        'same amount',
        case when is_same_partner then 'same partner' else 'another partner' end,
        case when is_same_number then 'same number' else 'number alike' end,
        case
            when days_apart = 0 then 'same day'
            when days_apart <= {{ near_days }} then 'within {{ near_days }} days'
        end,
        case when source <> other_source then 'another source' end,
        case when entity_code <> other_entity_code then 'another company' end
    ) as reasons,
    {{ cut_off() }} as known_at
from judged
where rule_code is not null
