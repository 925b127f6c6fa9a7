-- What each company of a group posted by month of the period's end, by class, without closing entries of equity and result:
-- they only carry the result, which the group view computes from the entries. `delivered` is what entries say in the
-- group's currency, `undelivered` the local amount of those that say nothing.
with entities as (
    select
        client_id,
        entity_code,
        coalesce(max(entity.group_currency), max(movement.group_currency)) as group_currency
    from {{ whole_of_changed_clients(ref('fct_gl_movements'), 'ledgers_gl_entries') }} as movement
    left join {{ ref('int_gl_entities') }} as entity using (client_id, entity_code)
    group by client_id, entity_code
)

select
    client_id,
    entity_code,
    entities.group_currency,
    movement.currency_code,
    date_trunc('month', movement.period_end_date)::date as month,
    movement.fiscal_year,
    account.account_type_code,
    account.account_class_code,
    coalesce(sum(amount) filter (
        where entry_kind_code <> 'closing' or account.account_type_code in ('asset', 'liability')
    ), 0)::numeric(24, 2) as amount,
    coalesce(sum(group_amount) filter (
        where entry_kind_code <> 'closing' and movement.group_currency = entities.group_currency
    ), 0)::numeric(24, 2) as delivered_amount,
    coalesce(sum(amount) filter (
        where entry_kind_code <> 'closing' and movement.group_currency is distinct from entities.group_currency
    ), 0)::numeric(24, 2) as undelivered_amount
from {{ whole_of_changed_clients(ref('fct_gl_movements'), 'ledgers_gl_entries') }} as movement
join entities using (client_id, entity_code)
join {{ ref('int_gl_accounts') }} as account using (client_id, account_id)
where entities.group_currency is not null
group by 1, 2, 3, 4, 5, 6, 7, 8
