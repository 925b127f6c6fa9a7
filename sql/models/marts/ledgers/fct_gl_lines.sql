{{ config(indexes=[{'columns': ['client_id', 'posting_month']}], post_hook='analyze {{ this }}') }}

-- Analyzed, as other marts are made of it in the same build: a new table has no statistics to plan by.
-- The period of a line: the one it names, if its entity's calendar has it; else the regular one its posting date lies in;
-- else a calendar month, which an entity without a calendar may also be named by: 2026-03.
with entities as (
    select distinct on (client_id, entity_code) client_id, entity_code, fiscal_year_start_month as start_month
    from {{ ref('stg_ledgers__entities') }}
    order by client_id, entity_code, source, delivery_id desc
),

with_calendar as (
    select distinct client_id, entity_code
    from {{ ref('int_gl_calendars') }}
),

period_months as ( -- by month, so that a line meets one or two periods and not all of its entity's
    select calendar.*, month::date as posting_month
    from {{ ref('int_gl_calendars') }} as calendar
    cross join lateral generate_series(
        date_trunc('month', first_posting_date::timestamp), last_posting_date::timestamp, interval '1 month'
    ) as month
),

lines as (
    select
        line.*,
        date_trunc('month', line.posting_date)::date as posting_month,
        num_nulls(line.local_debit_amount, line.local_credit_amount) < 2 as has_local,
        num_nulls(line.group_debit_amount, line.group_credit_amount) < 2 as has_group,
        coalesce(entities.start_month, 1) as start_month,
        with_calendar.client_id is not null as has_calendar,
        case
            when with_calendar.client_id is null and line.period_code ~ '^[12][0-9]{3}-(0[1-9]|1[0-2])$'
                then to_date(line.period_code, 'YYYY-MM')
            else date_trunc('month', line.posting_date)::date
        end as calendar_month
    from {{ of_changed_months(ref('stg_ledgers__gl_entries'), 'posting_date') }} as line
    left join entities using (client_id, entity_code)
    left join with_calendar using (client_id, entity_code)
)

select
    line.client_id,
    line.source,
    line.entity_code,
    line.journal_id,
    line.line_id,
    line.posting_date,
    line.posting_month,
    line.document_date,
    line.entered_date,
    line.journal_type_code,
    line.account_id,
    case when has_local then coalesce(line.local_debit_amount, 0) else line.debit_amount end as debit_amount,
    case when has_local then coalesce(line.local_credit_amount, 0) else line.credit_amount end as credit_amount,
    case
        when has_local then coalesce(line.local_debit_amount, 0) - coalesce(line.local_credit_amount, 0)
        else line.debit_amount - line.credit_amount
    end as amount,
    case when has_local then coalesce(line.local_currency, line.currency_code) else line.currency_code end
        as currency_code,
    line.debit_amount as transaction_debit_amount,
    line.credit_amount as transaction_credit_amount,
    line.debit_amount - line.credit_amount as transaction_amount,
    line.currency_code as transaction_currency,
    case when has_group then coalesce(line.group_debit_amount, 0) end as group_debit_amount,
    case when has_group then coalesce(line.group_credit_amount, 0) end as group_credit_amount,
    case when has_group then coalesce(line.group_debit_amount, 0) - coalesce(line.group_credit_amount, 0) end
        as group_amount,
    case when has_group then line.group_currency end as group_currency,
    line.partner_id,
    line.counterparty_entity_code,
    line.document_id,
    line.description,
    line.cost_center_id,
    line.department_id,
    line.project_id,
    line.tax_code,
    line.reversed_journal_id,
    line.asset_id,
    coalesce(
        named.fiscal_year, dated.fiscal_year, {{ fiscal_year_of('line.calendar_month', 'line.start_month') }}
    ) as fiscal_year,
    coalesce(
        named.period_number, dated.period_number, {{ fiscal_month_of('line.calendar_month', 'line.start_month') }}
    ) as period_number,
    coalesce(
        named.period_code,
        dated.period_code,
        to_char(line.calendar_month, 'YYYY-MM') || case when line.has_calendar then ' (no period)' else '' end
    ) as period_code,
    coalesce(named.start_date, dated.start_date, line.calendar_month) as period_start_date,
    coalesce(named.end_date, dated.end_date, (line.calendar_month + interval '1 month - 1 day')::date)
        as period_end_date,
    case
        when named.client_id is not null then 'named'
        when dated.client_id is not null then 'by_date'
        when line.has_calendar then 'outside_calendar'
        else 'calendar_month'
    end as period_rule_code,
    line.delivery_id,
    line.row_number,
    line.row_part,
    {{ cut_off() }} as known_at
from lines as line
left join {{ ref('int_gl_calendars') }} as named
    on named.client_id = line.client_id
    and named.entity_code = line.entity_code
    and named.period_code = line.period_code
left join period_months as dated
    on dated.client_id = line.client_id
    and dated.entity_code = line.entity_code
    and dated.posting_month = line.posting_month
    and line.posting_date between dated.first_posting_date and dated.last_posting_date
