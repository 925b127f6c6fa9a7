-- The periods of each entity from its first posted one to its last, without gaps, in their order.
with posted as (
    select client_id, entity_code, min(period_order) as first_order, max(period_order) as last_order
    from {{ ref('int_gl_periods') }}
    join (select distinct client_id, entity_code, period_code from {{ ref('int_gl_movements') }}) as movement
        using (client_id, entity_code, period_code)
    group by client_id, entity_code
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
    period_order,
    fiscal_year > min(fiscal_year) over (partition by client_id, entity_code)
    and period_order <= min(period_order) filter (where not is_adjustment)
        over (partition by client_id, entity_code, fiscal_year) as begins_later_year
from {{ ref('int_gl_periods') }}
join posted using (client_id, entity_code)
where period_order between first_order and last_order
