-- The lines of the bank that count. What a report or notice told counts until a statement of the account covers its day:
-- then the statement has it, in its lines or in its first opening balance. What several sources told of a day counts
-- once, as does a line of exports that overlap; the line of a report's balances is none of the account.
with lines as (
    select
        *,
        coalesce(told_by_code, 'statement') in ('statement', 'export') as is_of_statement,
        coalesce(told_by_code = 'export', false) as is_exported
    from {{ ref('stg_ledgers__bank_transactions') }}
),

statements as (
    select client_id, bank_account_id, max(statement_date) as covered_date
    from lines
    where is_of_statement
    group by client_id, bank_account_id
),

told as (
    select distinct on (
        line.client_id, line.bank_account_id, line.statement_id, line.line_id, line.booking_date, line.transaction_amount
    )
        line.*
    from lines as line
    left join statements as statement using (client_id, bank_account_id)
    where
        not line.is_of_statement
        and line.before_amount is null
        and (statement.covered_date is null or line.booking_date > statement.covered_date)
    order by
        line.client_id, line.bank_account_id, line.statement_id, line.line_id, line.booking_date, line.transaction_amount,
        line.source, line.period
),

exported as (
    select distinct on (client_id, bank_account_id, line_id, booking_date, transaction_amount) *
    from lines
    where is_exported
    order by
        client_id, bank_account_id, line_id, booking_date, transaction_amount, statement_date, statement_id, source, period
)

select * from lines
where is_of_statement and not is_exported
union all
select * from exported
union all
select * from told
