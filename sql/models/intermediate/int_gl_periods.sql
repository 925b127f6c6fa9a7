-- Every period of an entity's books in its order: those of its calendar, and of an entity without one the calendar months
-- from its first line to the last line of its client. Lines outside a calendar bring their month.
with used as (
    select
        client_id,
        entity_code,
        period_code,
        fiscal_year,
        period_number,
        period_start_date as start_date,
        period_end_date as end_date
    from {{ whole_of_changed_clients(ref('fct_gl_movements'), 'ledgers_gl_entries') }} as movement
    group by 1, 2, 3, 4, 5, 6, 7
),

with_calendar as (
    select distinct client_id, entity_code
    from {{ ref('int_gl_calendars') }}
),

spans as (
    select
        used.client_id,
        used.entity_code,
        min(used.start_date) as first_date,
        max(max(used.end_date)) over (partition by used.client_id) as last_date
    from used
    group by used.client_id, used.entity_code
),

entities as (
    select distinct on (client_id, entity_code) client_id, entity_code, fiscal_year_start_month as start_month
    from {{ ref('stg_ledgers__entities') }}
    order by client_id, entity_code, source, delivery_id desc
),

months as (
    select
        spans.client_id,
        spans.entity_code,
        to_char(month, 'YYYY-MM') as period_code,
        {{ fiscal_year_of('month', 'coalesce(entities.start_month, 1)') }} as fiscal_year,
        {{ fiscal_month_of('month', 'coalesce(entities.start_month, 1)') }} as period_number,
        month::date as start_date,
        (month + interval '1 month - 1 day')::date as end_date
    from spans
    left join entities using (client_id, entity_code)
    left join with_calendar using (client_id, entity_code)
    cross join lateral generate_series(
        date_trunc('month', spans.first_date::timestamp), spans.last_date::timestamp, interval '1 month'
    ) as month
    where with_calendar.client_id is null
),

periods as (
    select
        client_id,
        entity_code,
        period_code,
        fiscal_year,
        period_number,
        start_date,
        end_date,
        is_adjustment,
        status_code,
        close_due_date,
        closed_date,
        false as is_generated
    from {{ ref('int_gl_calendars') }}
    union all
    select generated.*, false, null, null, null, true
    from (
        select * from months
        union
        select used.*
        from used
        left join {{ ref('int_gl_calendars') }} as calendar using (client_id, entity_code, period_code)
        where calendar.client_id is null
    ) as generated
)

select
    *,
    row_number() over (
        partition by client_id, entity_code order by fiscal_year, period_number, start_date, period_code
    ) as period_order
from periods
