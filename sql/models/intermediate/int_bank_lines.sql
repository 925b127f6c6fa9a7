-- The lines of the bank that count. What a report or notice told counts until a statement of the account covers its day:
-- then the statement has it, in its lines or in its first opening balance.
with statements as (
    select client_id, bank_account_id, max(statement_date) as covered_date
    from {{ ref('stg_ledgers__bank_transactions') }}
    where coalesce(told_by_code, 'statement') = 'statement'
    group by client_id, bank_account_id
)

select line.*, coalesce(line.told_by_code, 'statement') = 'statement' as is_of_statement
from {{ ref('stg_ledgers__bank_transactions') }} as line
left join statements using (client_id, bank_account_id)
where
    coalesce(line.told_by_code, 'statement') = 'statement'
    or covered_date is null
    or line.booking_date > covered_date
