with matches as (
    select
        match.item_key,
        match.rule_code,
        match.match_id,
        sum(case item.side_code when 'bank' then item.item_amount else - item.item_amount end) over (
            partition by item.client_id, item.unit_id, match.rule_code, match.match_id) as match_difference_amount
    from {{ ref('int_bank_matches') }} as match
    join {{ ref('int_bank_items') }} as item using (item_key)
)

select
    item.client_id,
    item.unit_id,
    item.bank_account_id,
    item.entity_code,
    item.account_id,
    item.side_code,
    item.item_code,
    item.item_id,
    item.item_date,
    item.item_amount,
    item.currency_code,
    matches.rule_code is not null as is_matched,
    coalesce(matches.rule_code, 'unmatched') as rule_code,
    matches.match_id,
    case when matches.rule_code = 'no_amount' then 0 else matches.match_difference_amount end as match_difference_amount,
    case when matches.rule_code is null
        then coalesce(client.as_of_date, ({{ cut_off() }} at time zone 'UTC')::date) - item.item_date
    end as unmatched_days,
    coalesce(item.reference, item.other_reference) as reference,
    item.statement_id,
    item.line_id,
    item.journal_id,
    item.payment_id,
    {{ masked('item.counterparty_name') }} as counterparty_name_masked,
    {{ masked('item.remittance_text') }} as remittance_text_masked,
    item.delivery_id,
    item.row_number,
    item.row_part,
    {{ cut_off() }} as known_at
from {{ ref('int_bank_items') }} as item
left join matches using (item_key)
left join {{ ref('stg_ops__clients') }} as client on client.client_id = item.client_id
