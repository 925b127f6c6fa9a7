-- What was known of each employee, and when. The client's number names an employee whichever source lists it: one that
-- several list is taken from the source that lists it now, of those the one that said something last. A department with
-- a number bears the name it has now, in all versions: a new name is no transfer.
with sources as (
    select distinct on (client_id, employee_id) client_id, employee_id, source
    from {{ ref('stg_people__employee_versions') }}
    order by client_id, employee_id, known_to is null desc, known_from desc, source
),

departments as (
    select distinct on (client_id, department_id) client_id, department_id, department_name, department_group_name
    from {{ ref('stg_people__employee_versions') }}
    where department_id is not null and department_name is not null
    order by client_id, department_id, known_to is null desc, known_from desc, employee_id, source
)

select
    version.client_id,
    version.employee_id,
    version.source,
    known_from,
    known_to,
    (known_from at time zone coalesce(client.time_zone, 'UTC'))::date as known_date,
    (known_to at time zone coalesce(client.time_zone, 'UTC'))::date as ended_date,
    {{ today() }} as as_of_date,
    hire_date,
    exit_date,
    exit_reason_code,
    is_current,
    person_id,
    entity_code,
    case when department.department_id is null then version.department_group_name else department.department_group_name
        end as department_group_name,
    coalesce(department.department_name, version.department_name, version.department_id) as department_name,
    department_since_date,
    position_id,
    job_title,
    grade_id,
    manager_id,
    cost_center_id,
    location_name,
    employment_kind_code,
    is_salaried,
    full_time_equivalent,
    weekly_hours,
    delivery_id,
    row_number,
    row_part
from {{ ref('stg_people__employee_versions') }} as version
join sources using (client_id, employee_id, source)
left join departments as department using (client_id, department_id)
left join {{ ref('stg_ops__clients') }} as client using (client_id)
