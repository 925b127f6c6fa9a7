-- What is debited to a liability account outside of payroll journals pays what was open before the first run, then run by run.
with due as (
    select
        client_id,
        source,
        run_id,
        period_end_date,
        entity_code,
        coalesce(authority_name, 'not stated') as authority_name,
        account_id,
        currency_code,
        max(coalesce(pay_date, period_end_date)) as pay_date,
        coalesce(sum(-amount) filter (where kind_code <> 'employer_cost_liability'), 0) as withheld_amount,
        coalesce(sum(-amount) filter (where kind_code = 'employer_cost_liability'), 0) as employer_amount,
        sum(-amount) as due_amount
    from {{ ref('int_payroll_double_entry') }}
    where is_owed_by_law
    group by 1, 2, 3, 4, 5, 6, 7, 8
),

accounts as (
    select
        client_id,
        entity_code,
        account_id,
        currency_code,
        min(date_trunc('month', least(period_end_date, pay_date)))::date as first_month,
        count(distinct authority_name) as authorities
    from due
    where account_id is not null
    group by 1, 2, 3, 4
),

movements as (
    select client_id, entity_code, account_id, currency_code, posting_month, amount, 0 as payroll_amount
    from {{ whole_of_changed_clients(ref('fct_gl_currency_movements'), 'ledgers_gl_entries') }} as movement
    union all
    select client_id, entity_code, account_id, currency_code, posting_month, 0, amount
    from {{ whole_of_changed_clients(ref('fct_payroll_postings'), 'ledgers_gl_entries') }} as posting
),

settled as ( -- debits positive: an opening balance that is owed is negative
    select
        account.client_id,
        account.entity_code,
        account.account_id,
        account.currency_code,
        account.authorities,
        sum(case
            when movement.posting_month < account.first_month then movement.amount
            else movement.amount - movement.payroll_amount
        end) as settled_amount
    from accounts as account
    left join movements as movement
        on movement.client_id = account.client_id and movement.account_id = account.account_id
        and movement.currency_code = account.currency_code
        and (account.entity_code is null or movement.entity_code = account.entity_code)
    group by 1, 2, 3, 4, 5
),

in_order as (
    select
        due.*,
        settled.authorities,
        settled.settled_amount,
        coalesce(sum(due.due_amount) over (
            partition by due.client_id, due.entity_code, due.account_id, due.currency_code
            order by due.pay_date, due.period_end_date, due.source, due.run_id
            rows between unbounded preceding and 1 preceding
        ), 0) as due_before_amount
    from due
    left join settled
        on settled.client_id = due.client_id and settled.account_id = due.account_id
        and settled.currency_code = due.currency_code and settled.entity_code is not distinct from due.entity_code
),

paid as (
    select
        *,
        case when authorities = 1 and settled_amount is not null
            then greatest(0, least(due_amount, settled_amount - due_before_amount)) end as paid_amount
    from in_order
)

select
    client_id,
    source,
    run_id,
    period_end_date,
    pay_date,
    entity_code,
    authority_name,
    account_id,
    currency_code,
    withheld_amount,
    employer_amount,
    due_amount,
    paid_amount,
    due_amount - paid_amount as open_amount,
    case
        when account_id is null then 'no_account'
        when settled_amount is null then 'no_ledger'
        when authorities > 1 then 'shared_account'
        when paid_amount = due_amount then 'paid'
        when paid_amount = 0 then 'open'
        else 'part_paid'
    end as payment_code,
    {{ cut_off() }} as known_at
from paid
