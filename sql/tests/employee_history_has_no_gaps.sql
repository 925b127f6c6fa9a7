-- Of each employment every day from the first to the last stands in one span.
with spans as (
    select *, lag(valid_to_date) over employment as previous_valid_to_date
    from {{ ref('rpt_employee_history') }}
    window employment as (partition by client_id, employee_id, hire_date order by valid_from_date)
)

select *
from spans
where
    valid_from_date <> coalesce(previous_valid_to_date + 1, hire_date)
    or valid_to_date < valid_from_date
