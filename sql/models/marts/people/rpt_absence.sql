-- Two ways to part the same days away, each with the same total: by department and by kind; never by both, where a group
-- would be a handful. Kinds of which too few were away stand in one row without their names: that there was a maternity in the month
-- may say whose. A public holiday that is listed as an absence is no absence: it makes the days due fewer.
with first_months as (
    select client_id, min(month) as first_month
    from {{ ref('int_people_absence_days') }}
    group by client_id
),

of_people as (
    select
        client_id,
        employee_id,
        month,
        sum(absence_days) filter (where absence_kind_code <> 'public_holiday') as absence_days,
        sum(absence_days) filter (where absence_kind_code = 'public_holiday') as holidays
    from {{ ref('int_people_absence_days') }}
    group by client_id, employee_id, month
),

people as (
    select
        client_id,
        employee_id,
        month,
        coalesce(employed.department_group_name || ': ', '') || coalesce(employed.department_name, 'not stated')
            as department_name,
        greatest(employed.due_days - coalesce(away.holidays, 0), 0 * employed.due_days) as due_days,
        coalesce(away.absence_days, 0) as absence_days
    from {{ ref('int_people_months') }} as employed
    full join of_people as away using (client_id, employee_id, month)
    join first_months using (client_id)
    where month >= first_month and (employed.employee_id is not null or away.absence_days is not null)
),

due as (
    select client_id, month, sum(due_days) as due_days
    from people
    group by client_id, month
),

counted as (
    {% for code, name in {'department': 'department_name', 'all': "'all'"}.items() -%}
    select
        client_id,
        month,
        '{{ code }}' as group_code,
        {{ name }} as group_name,
        count(*) as people,
        count(*) filter (where absence_days > 0) as absent_people,
        sum(absence_days) as absence_days,
        sum(due_days) as due_days
    from people
    group by 1, 2, 4
    union all
    {% endfor -%}
    select
        client_id,
        month,
        'kind',
        absence_kind_code,
        count(distinct employee_id),
        count(distinct employee_id),
        sum(absence_days),
        max(due.due_days)
    from {{ ref('int_people_absence_days') }}
    join due using (client_id, month)
    where absence_kind_code <> 'public_holiday'
    group by client_id, month, absence_kind_code
),

judged as (
    select
        *,
        case when group_code = 'kind' then {{ is_suppressed('people', members_overlap=true) }}
            else {{ is_suppressed('people') }} end as is_suppressed
    from counted
    window by_size as (partition by client_id, month, group_code order by people, group_name)
)

select distinct
    client_id,
    month,
    group_code,
    case when is_suppressed and group_code = 'kind' then 'not shown' else group_name end as group_name,
    is_suppressed,
    {{ shown('people') }} as people,
    {{ shown('absent_people') }} as absent_people,
    {{ shown('absence_days') }}::numeric(14, 2) as absence_days,
    {{ shown('due_days') }}::numeric(14, 2) as due_days,
    {{ shown('round(absence_days / nullif(due_days, 0) * 100, 2)') }}::numeric(12, 2) as absence_pct,
    {{ cut_off() }} as known_at
from judged
