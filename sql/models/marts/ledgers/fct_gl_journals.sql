{{ config(indexes=[{'columns': ['client_id', 'posting_month']}], post_hook='analyze {{ this }}') }}

-- What can be told of a journal from its own month. Its pair is the account with its greatest debit and the one with its
-- greatest credit; a negative debit counts as credit. Who entered it is counted and not shown.
with lines as (
    select
        client_id,
        entity_code,
        journal_id,
        date_trunc('month', posting_date)::date as posting_month,
        posting_date,
        entered_date,
        journal_type_code,
        account_id,
        reversed_journal_id,
        entered_by_id,
        case
            when num_nulls(local_debit_amount, local_credit_amount) < 2
                then coalesce(local_debit_amount, 0) - coalesce(local_credit_amount, 0)
            else debit_amount - credit_amount
        end as amount
    from {{ of_changed_months(ref('stg_ledgers__gl_entries'), 'posting_date') }} as line
),

journals as (
    select
        client_id,
        entity_code,
        journal_id,
        posting_month,
        min(posting_date) as posting_date,
        max(entered_date) as entered_date,
        min(journal_type_code) as journal_type_code,
        (array_agg(account_id order by amount desc, account_id) filter (where amount > 0))[1] as debit_account_id,
        (array_agg(account_id order by amount, account_id) filter (where amount < 0))[1] as credit_account_id,
        coalesce(sum(amount) filter (where amount > 0), 0) as amount,
        count(*) as lines,
        min(reversed_journal_id) as reversed_journal_id,
        min(entered_by_id) as entered_by_id
    from lines
    group by client_id, entity_code, journal_id, posting_month
)

select
    client_id,
    entity_code,
    journal_id,
    posting_month,
    posting_date,
    entered_date,
    journal_type_code,
    debit_account_id,
    credit_account_id,
    amount::numeric(24, 2) as amount,
    lines,
    reversed_journal_id,
    amount > 0 and amount % 1000 = 0 as is_round,
    extract(isodow from coalesce(entered_date, posting_date)) in (6, 7) as is_weekend,
    coalesce(entered_date - posting_date > 5, false) as is_back_dated,
    coalesce(journal_type_code in ('manual', 'adjustment'), false) as is_manual,
    entered_by_id is not null
    and count(*) over (partition by client_id, posting_month, entered_by_id) < 3
    and count(entered_by_id) over (partition by client_id, posting_month) >= 50 as is_by_few,
    {{ cut_off() }} as known_at
from journals
