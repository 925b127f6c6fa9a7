-- Every bank line of core stands in one row, every entry on a reconciled account too, and nothing else of either. Lines
-- of reports and notices stand there until a statement of the account covers their day, those of several exports or of
-- several sources of reports once.
with mart as (
    select client_id, side_code, item_code, entity_code, account_id, item_amount
    from {{ whole(ref('rpt_bank_reconciliation')) }} as whole
),

lines as (
    select
        client_id, bank_account_id, statement_id, line_id, statement_date, booking_date, transaction_amount, before_amount,
        coalesce(told_by_code, 'statement') as told_by, _source as source
    from {{ source('core', 'ledgers_bank_transactions') }}
    where {{ known_at_cut_off() }}
),

counted as (
    select distinct
        client_id, bank_account_id, line_id, booking_date, transaction_amount,
        case when told_by <> 'export' then statement_id end as statement_id,
        case when told_by = 'statement' then source end as statement_source
    from lines as line
    where
        told_by in ('statement', 'export')
        or before_amount is null and not exists (
            select from lines as statement
            where
                statement.client_id = line.client_id
                and statement.bank_account_id = line.bank_account_id
                and statement.told_by in ('statement', 'export')
                and statement.statement_date >= line.booking_date
        )
),

bank as (
    select client_id, count(*) as rows, sum(transaction_amount) as amount
    from counted
    group by client_id
),

bank_rows as (
    select client_id, count(*) as rows, sum(item_amount) as amount
    from mart
    where item_code = 'bank_line'
    group by client_id
),

accounts as (
    select distinct client_id, account_id
    from mart
    where side_code = 'bank' and account_id is not null
),

named_entities as (
    select distinct client_id, account_id, entity_code
    from mart
    where side_code = 'bank' and account_id is not null
),

entries as (
    select client_id, account_id, count(*) as rows
    from {{ source('core', 'ledgers_gl_entries') }} as entry
    join accounts using (client_id, account_id)
    where
        {{ known_at_cut_off() }}
        and exists (
            select from named_entities as named
            where
                named.client_id = entry.client_id
                and named.account_id = entry.account_id
                and (named.entity_code is null or named.entity_code = entry.entity_code)
        )
    group by client_id, account_id
),

entry_rows as (
    select client_id, account_id, count(*) as rows
    from mart
    where item_code = 'entry'
    group by client_id, account_id
)

select client_id, null as account_id, bank.rows as in_core, bank_rows.rows as in_mart
from bank
full join bank_rows using (client_id)
where (bank.rows, bank.amount) is distinct from (bank_rows.rows, bank_rows.amount)
union all
select client_id, account_id, entries.rows, entry_rows.rows
from entries
full join entry_rows using (client_id, account_id)
where entries.rows is distinct from entry_rows.rows
