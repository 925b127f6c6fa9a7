-- Every period of an entity up to its last posted one, and the later ones of its calendar that are due. What a sub-ledger
-- differs by stands in the period that the sub-ledger is of.
with periods as (
    select
        period.*,
        coalesce(client.as_of_date, ({{ cut_off() }} at time zone 'UTC')::date) as as_of_date,
        posted.period_code is not null as is_in_books
    from {{ ref('int_gl_periods') }} as period
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
    left join {{ ref('int_gl_posted_periods') }} as posted using (client_id, entity_code, period_code)
),

lines as (
    select
        client_id,
        entity_code,
        period_code,
        sum(lines) as lines,
        sum(lines) filter (where day.entered_date > period.closed_date) as lines_after_close
    from {{ whole_of_changed_clients(ref('fct_gl_entry_days'), 'ledgers_gl_entries') }} as day
    join {{ ref('int_gl_periods') }} as period using (client_id, entity_code, period_code)
    group by client_id, entity_code, period_code
),

balances as (
    select
        client_id,
        entity_code,
        period_code,
        sum(abs(out_of_balance_amount)) as out_of_balance_amount,
        sum(abs(check_amount)) as check_amount,
        sum(accounts_out_of_chart) as accounts_out_of_chart
    from (
        select
            client_id,
            entity_code,
            period_code,
            currency_code,
            sum(net_amount) as out_of_balance_amount,
            sum(closing_amount) as check_amount,
            count(distinct account_id) filter (where not is_in_chart and not is_computed) as accounts_out_of_chart
        from {{ ref('rpt_general_ledger_by_period') }}
        group by client_id, entity_code, period_code, currency_code
    ) as of_currencies
    group by client_id, entity_code, period_code
),

-- An invoice without company is its client's only one's, or nobody's.
only_entities as (
    select client_id, min(entity_code) as entity_code
    from {{ ref('int_gl_posted_periods') }}
    group by client_id
    having count(distinct entity_code) = 1
),

invoices as (
    select
        client_id, 'payables' as control_code, entity_code, period, coalesce(local_open_amount, open_amount) as amount
    from {{ ref('stg_ledgers__payables') }}
    union all
    select client_id, 'receivables', entity_code, period, coalesce(local_open_amount, open_amount)
    from {{ ref('stg_ledgers__receivables') }}
),

subledgers as (
    select
        invoices.client_id,
        coalesce(invoices.entity_code, only_entities.entity_code) as entity_code,
        control_code,
        max(case
            when period ~ '^[0-9]{4}-[0-9]{2}$' then (to_date(period, 'YYYY-MM') + interval '1 month - 1 day')::date
        end) as as_at_date,
        sum(amount) as amount
    from invoices
    left join only_entities using (client_id)
    group by 1, 2, 3
),

placed as (
    select distinct on (client_id, entity_code, control_code) subledgers.*, posted.period_code
    from subledgers
    join {{ ref('int_gl_posted_periods') }} as posted using (client_id, entity_code)
    where as_at_date is null or posted.end_date <= as_at_date
    order by client_id, entity_code, control_code, posted.period_order desc
),

controls as (
    select
        client_id,
        entity_code,
        period_code,
        account.control_code,
        sum(case account.control_code when 'payables' then -closing_amount else closing_amount end) as amount
    from {{ ref('rpt_general_ledger_by_period') }} as line
    join {{ ref('int_gl_accounts') }} as account using (client_id, account_id)
    where account.control_code in ('payables', 'receivables') and not line.is_computed
    group by client_id, entity_code, period_code, account.control_code
),

compared as (
    select
        client_id,
        entity_code,
        period_code,
        max(placed.amount - controls.amount) filter (where control_code = 'payables') as payables_difference_amount,
        max(placed.amount - controls.amount) filter (where control_code = 'receivables')
            as receivables_difference_amount
    from placed
    join controls using (client_id, entity_code, period_code, control_code)
    group by client_id, entity_code, period_code
)

select
    client_id,
    entity_code,
    period_code,
    period.fiscal_year,
    period.period_number,
    period.start_date as period_start_date,
    period.end_date as period_end_date,
    period.is_adjustment,
    coalesce(period.status_code, 'not stated') as status_code,
    period.close_due_date,
    period.closed_date,
    case
        when period.close_due_date is null then null
        when period.closed_date is not null then greatest(period.closed_date - period.close_due_date, 0)
        when period.status_code is distinct from 'closed' then greatest(period.as_of_date - period.close_due_date, 0)
    end as days_late,
    coalesce(lines.lines, 0)::bigint as lines,
    coalesce(lines.lines_after_close, 0)::bigint as lines_after_close,
    coalesce(balances.out_of_balance_amount, 0)::numeric(24, 2) as out_of_balance_amount,
    coalesce(balances.check_amount, 0)::numeric(24, 2) as check_amount,
    coalesce(balances.accounts_out_of_chart, 0)::bigint as accounts_out_of_chart,
    compared.payables_difference_amount::numeric(24, 2) as payables_difference_amount,
    compared.receivables_difference_amount::numeric(24, 2) as receivables_difference_amount,
    period.as_of_date,
    {{ cut_off() }} as known_at
from periods as period
left join lines using (client_id, entity_code, period_code)
left join balances using (client_id, entity_code, period_code)
left join compared using (client_id, entity_code, period_code)
where period.is_in_books or period.close_due_date <= period.as_of_date
