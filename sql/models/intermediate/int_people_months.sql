-- The months in which employees were employed, up to today and 240 months back: where at the end of it, and the working days
-- due. Days due are Mondays to Fridays times the share of a full-time position; public holidays are not known here.
with parts as (
    select
        stretch.*,
        month::date as month,
        greatest(valid_from_date, month::date) as first_date,
        least(valid_to_date, (month + interval '1 month')::date - 1, as_of_date) as until_date
    from {{ ref('int_people_stretches') }} as stretch
    cross join generate_series(
        date_trunc('month', greatest(valid_from_date, (as_of_date - interval '240 months')::date)::timestamp),
        least(valid_to_date, as_of_date)::timestamp,
        interval '1 month'
    ) as month
    where not is_undated
)

select distinct on (client_id, employee_id, month)
    client_id,
    employee_id,
    month,
    entity_code,
    department_group_name,
    department_name,
    cost_center_id,
    full_time_equivalent,
    (
        sum({{ weekdays('first_date', 'until_date') }} * coalesce(full_time_equivalent, 1)) over person_month
    )::numeric(12, 4) as due_days
from parts
window person_month as (partition by client_id, employee_id, month)
order by client_id, employee_id, month, valid_from_date desc
