-- What the register says of the employees that payslips name. The list of employees is one of its own: of several lists that
-- know the number, the one named like the source of the payslips is meant.
with named as (
    select distinct client_id, source, employee_id
    from {{ ref('stg_payroll__payslips') }}
),

register as (
    select
        *,
        min(source) over number = max(source) over number as is_only_source
    from {{ ref('stg_people__employees') }}
    window number as (partition by client_id, employee_id)
)

select distinct on (client_id, source, employee_id)
    client_id,
    named.source,
    employee_id,
    register.hire_date,
    register.exit_date,
    register.gender_code,
    register.department_name,
    register.entity_code,
    register.employment_kind_code,
    register.grade_id,
    register.cost_center_id,
    register.location_name,
    register.full_time_equivalent,
    register.weekly_hours,
    register.pay_group_id
from named
join register using (client_id, employee_id)
where register.source = named.source or register.is_only_source
order by client_id, source, employee_id, register.period desc nulls last
