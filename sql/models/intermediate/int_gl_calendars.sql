-- The fiscal calendars that clients deliver. A day belongs to one regular period at most: where periods overlap, to the
-- one that starts last. Adjustment periods take only entries that name them.
with one_of_each as (
    select distinct on (client_id, entity_code, period_code) *
    from {{ ref('stg_ledgers__fiscal_periods') }}
    order by client_id, entity_code, period_code, source, delivery_id desc
)

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
    case when not is_adjustment then start_date end as first_posting_date,
    case
        when not is_adjustment
            then least(
                end_date,
                lead(start_date) over (
                    partition by client_id, entity_code, is_adjustment order by start_date, period_code
                ) - 1
            )
    end as last_posting_date
from one_of_each
