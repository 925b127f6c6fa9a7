-- From when to when employees were employed. Who is employed now is what the client says (is_current), not what its dates
-- suggest: exit dates arrive late. Whoever has ended has left on the exit date; without one on the day before the list
-- first said so, or first did not name them any more. An employment before the present one counts if it had ended
-- before: otherwise the date of hire was corrected.
with spells as (
    select distinct on (client_id, employee_id, hire_date)
        *,
        not (is_current and known_to is null) as has_ended,
        max(ended_date) filter (where is_current) over (partition by client_id, employee_id, hire_date) - 1
            as last_listed_date,
        first_value(hire_date) over (partition by client_id, employee_id order by known_from desc) as newest_hire_date
    from {{ ref('int_people_versions') }}
    order by client_id, employee_id, hire_date, known_from desc
),

followed as (
    select
        *,
        hire_date = newest_hire_date as is_newest,
        coalesce(exit_date, last_listed_date) as end_date,
        lead(hire_date) over (partition by client_id, employee_id order by hire_date) as next_hire_date
    from spells
    where hire_date <= newest_hire_date
)

select
    client_id,
    employee_id,
    source,
    hire_date,
    case
        when not has_ended then case when exit_date >= as_of_date then exit_date end
        when end_date >= hire_date then greatest(hire_date, least(end_date, as_of_date - 1))
    end as last_date,
    is_newest,
    is_newest and not has_ended and hire_date <= as_of_date as is_employed,
    -- the last day is not known, or lies before the first one: somebody who never began
    has_ended and (end_date is null or end_date < hire_date) as is_undated,
    case when has_ended then exit_reason_code end as exit_reason_code,
    person_id,
    entity_code,
    department_group_name,
    department_name,
    full_time_equivalent,
    weekly_hours,
    as_of_date
from followed
where is_newest or (has_ended and exit_date < next_hire_date)
