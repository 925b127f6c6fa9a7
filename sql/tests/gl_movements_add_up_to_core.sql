-- Debits, credits and group amounts of all accounts are those of the lines in core, per client, entity, month and currency:
-- of the months that this build has made. To read all lines of all years in every build would cost more than the build.
with core as (
    select
        client_id,
        entity_code,
        date_trunc('month', posting_date)::date as posting_month,
        case when local_debit_amount is null and local_credit_amount is null then currency_code
            else coalesce(local_currency, currency_code) end as currency_code,
        count(*) as lines,
        sum(case when local_debit_amount is null and local_credit_amount is null then debit_amount
            else coalesce(local_debit_amount, 0) end) as debit,
        sum(case when local_debit_amount is null and local_credit_amount is null then credit_amount
            else coalesce(local_credit_amount, 0) end) as credit,
        coalesce(sum(group_debit_amount), 0) - coalesce(sum(group_credit_amount), 0) as group_amount
    from {{ of_changed_months(source('core', 'ledgers_gl_entries'), 'posting_date', ref('fct_gl_movements')) }} as line
    where {{ known_at_cut_off() }}
    group by 1, 2, 3, 4
),

mart as (
    select
        client_id,
        entity_code,
        posting_month,
        currency_code,
        sum(lines) as lines,
        sum(debit_amount) as debit,
        sum(credit_amount) as credit,
        sum(amount) as amount,
        coalesce(sum(group_amount), 0) as group_amount
    from {{ ref('fct_gl_movements') }}
    group by 1, 2, 3, 4
)

select
    client_id, entity_code, posting_month, currency_code, core.lines, mart.lines as mart_lines, core.debit,
    mart.debit as mart_debit, core.credit, mart.credit as mart_credit, core.group_amount,
    mart.group_amount as mart_group_amount
from core
full join mart using (client_id, entity_code, posting_month, currency_code)
where (core.lines, core.debit, core.credit, core.debit - core.credit, core.group_amount)
    is distinct from (mart.lines, mart.debit, mart.credit, mart.amount, mart.group_amount)
