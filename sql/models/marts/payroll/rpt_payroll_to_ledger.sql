with payroll as (
    select
        client_id, source, run_id, period_end_date, entity_code, account_id, currency_code,
        case when account_id is null then kind_code end as kind_without_account_code,
        sum(amount) as amount
    from {{ ref('int_payroll_double_entry') }}
    group by 1, 2, 3, 4, 5, 6, 7, 8
),

of_companies as ( -- payslips that name no company are compared with all of them
    select client_id, source, run_id, period_end_date, bool_or(entity_code is not null) as names_companies
    from payroll
    group by 1, 2, 3, 4
),

ledger as (
    select
        posting.client_id, posting.source, posting.run_id, posting.period_end_date,
        case when posting.run_id is null or coalesce(names_companies, true) then posting.entity_code end as entity_code,
        posting.account_id, posting.currency_code,
        sum(posting.amount) as amount,
        max(posting.posting_date) as last_posting_date
    from {{ ref('int_payroll_postings') }} as posting
    left join of_companies using (client_id, source, run_id, period_end_date)
    group by 1, 2, 3, 4, 5, 6, 7
),

both_sides as (
    select
        client_id, source, run_id, period_end_date, entity_code, account_id, currency_code, kind_without_account_code,
        amount as payroll, null::numeric as ledger, null::date as last_posting_date
    from payroll
    union all
    select
        client_id, source, run_id, period_end_date, entity_code, account_id, currency_code, null,
        null, amount, last_posting_date
    from ledger
),

joined as (
    select
        client_id, source, run_id, period_end_date, entity_code, account_id, currency_code, kind_without_account_code,
        sum(payroll) as payroll,
        sum(ledger) as ledger,
        max(last_posting_date) as last_posting_date
    from both_sides
    group by 1, 2, 3, 4, 5, 6, 7, 8
),

judged as (
    select
        joined.*,
        bool_or(ledger is not null) over (partition by client_id) as client_posts,
        bool_or(ledger is not null) over (partition by client_id, source, run_id, period_end_date) as run_is_posted
    from joined
)

select
    client_id,
    source,
    run_id,
    period_end_date,
    entity_code,
    account_id,
    kind_without_account_code,
    currency_code,
    coalesce(payroll, 0) as payroll_amount,
    case when client_posts then coalesce(ledger, 0) end as ledger_amount,
    case when client_posts then coalesce(payroll, 0) - coalesce(ledger, 0) end as difference_amount,
    case
        when not client_posts then 'no_ledger'
        when run_id is null then 'no_run'
        when coalesce(payroll, 0) = coalesce(ledger, 0) then 'agrees'
        when account_id is null then 'no_account'
        when not run_is_posted then 'not_posted'
        when ledger is null then 'not_on_account'
        when payroll is null then 'only_in_ledger'
        else 'other_amount'
    end as explanation_code,
    last_posting_date,
    {{ cut_off() }} as known_at
from judged
