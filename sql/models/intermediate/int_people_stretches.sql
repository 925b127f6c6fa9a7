{%- set organisation = ['department_group_name', 'department_name', 'position_id', 'job_title', 'grade_id', 'manager_id',
    'cost_center_id', 'location_name'] -%}
{%- set terms = ['entity_code', 'employment_kind_code', 'is_salaried', 'full_time_equivalent', 'weekly_hours'] -%}
{%- set address = ['delivery_id', 'row_number', 'row_part'] -%}
-- Where in the organisation employees were, and on which terms. Another department counts from department_since_date where
-- there is one, any other change from the day on which it became known. What a later version says from an earlier day on
-- is a correction: it takes the place of what was said from that day on. Of the days between hire_date and the first day
-- in the first known department the organisation is not known.
with versions as (
    select
        version.*,
        last_date,
        is_undated,
        jsonb_build_array({{ (organisation + terms) | join(', ') }}) as said
    from {{ ref('int_people_versions') }} as version
    join (
        select client_id, employee_id, hire_date, last_date, is_undated from {{ ref('int_people_employments') }}
    ) as employment using (client_id, employee_id, hire_date)
),

compared as (
    select
        *,
        row_number() over employment as version_number,
        lag(said) over employment as said_before,
        lag(jsonb_build_array(entity_code, department_group_name, department_name, department_since_date))
            over employment as department_before
    from versions
    window employment as (partition by client_id, employee_id, hire_date order by known_from)
),

dated as (
    select
        *,
        case
            when department_since_date is not null and (version_number = 1 or department_before is distinct from
                jsonb_build_array(entity_code, department_group_name, department_name, department_since_date))
                then greatest(hire_date, department_since_date)
            when version_number = 1 then hire_date
            else greatest(hire_date, known_date)
        end as valid_from_date
    from compared
    where
        version_number = 1 or said <> said_before
        or department_since_date is distinct from (department_before ->> 3)::date
),

standing as (
    select
        *,
        min(valid_from_date) over (
            partition by client_id, employee_id, hire_date
            order by known_from rows between 1 following and unbounded following
        ) as corrected_from_date
    from dated
),

known as (
    select *
    from standing
    where corrected_from_date is null or valid_from_date < corrected_from_date
),

first_known as (
    select distinct on (client_id, employee_id, hire_date) *
    from known
    order by client_id, employee_id, hire_date, valid_from_date
),

stretches as (
    select
        client_id, employee_id, source, hire_date, last_date, is_undated, as_of_date, valid_from_date,
        department_since_date,
        {{ (organisation + terms + address) | join(', ') }}
    from known
    union all
    select
        client_id, employee_id, source, hire_date, last_date, is_undated, as_of_date, hire_date, null,
        {{ (['null'] * organisation | length + terms + address) | join(', ') }}
    from first_known
    where valid_from_date > hire_date
),

before as (
    select
        *,
        lag(jsonb_build_array({{ (organisation + terms) | join(', ') }})) over employment as said_before,
        lag(jsonb_build_array(entity_code, department_group_name, department_name)) over employment
            as organisation_before
    from stretches
    where valid_from_date <= coalesce(last_date, valid_from_date)
    window employment as (partition by client_id, employee_id, hire_date order by valid_from_date)
)

select
    client_id,
    employee_id,
    source,
    hire_date,
    valid_from_date,
    coalesce(lead(valid_from_date) over employment - 1, last_date) as valid_to_date,
    lead(valid_from_date) over employment is null as is_last,
    said_before is null as is_first,
    organisation_before <> jsonb_build_array(entity_code, department_group_name, department_name) as is_transfer,
    case
        when valid_from_date = hire_date then 'hire_date'
        when valid_from_date = department_since_date then 'department_since_date'
        else 'first_listed'
    end as from_code,
    {{ (organisation + terms) | join(',\n    ') }},
    is_undated,
    as_of_date,
    {{ address | join(',\n    ') }}
from before
where said_before is null or said_before <> jsonb_build_array({{ (organisation + terms) | join(', ') }})
window employment as (partition by client_id, employee_id, hire_date order by valid_from_date)
