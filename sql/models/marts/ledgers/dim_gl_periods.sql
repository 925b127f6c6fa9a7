with posted as (
    select
        client_id,
        entity_code,
        period_code,
        min(posting_month) as first_posting_month,
        max(posting_month) as last_posting_month,
        sum(lines)::bigint as lines
    from {{ whole_of_changed_clients(ref('fct_gl_movements'), 'ledgers_gl_entries') }} as movement
    group by client_id, entity_code, period_code
)

select
    period.client_id,
    period.entity_code,
    period.period_order,
    period.fiscal_year,
    period.period_number,
    period.period_code,
    period.start_date,
    period.end_date,
    period.is_adjustment,
    period.is_generated,
    period.status_code,
    period.close_due_date,
    period.closed_date,
    posted.first_posting_month,
    posted.last_posting_month,
    coalesce(posted.lines, 0) as lines,
    {{ cut_off() }} as known_at
from {{ ref('int_gl_periods') }} as period
left join posted using (client_id, entity_code, period_code)
