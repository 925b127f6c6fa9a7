-- Who is employed is what the client says (is_current), not what its dates suggest: exit dates arrive late.
with employees as (
    select
        employee.*,
        coalesce(client.as_of_date, ({{ cut_off() }} at time zone 'UTC')::date) as as_of_date
    from {{ ref('stg_people__employees') }} as employee
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
)

select
    client_id,
    coalesce(department_group_name, 'not stated') as department_group_name,
    coalesce(department_name, 'not stated') as department_name,
    as_of_date,
    count(*) filter (where is_current) as headcount,
    count(*) filter (where is_current and is_salaried) as salaried_headcount,
    count(*) filter (where is_current and hire_date > as_of_date - interval '1 year' and hire_date <= as_of_date)
        as joiners_12_months,
    count(*) filter (where not is_current and exit_date > as_of_date - interval '1 year' and exit_date <= as_of_date)
        as leavers_12_months,
    count(*) filter (where not is_current) as former_employees,
    {{ cut_off() }} as known_at
from employees
group by 1, 2, 3, 4
