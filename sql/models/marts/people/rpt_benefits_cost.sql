-- Enrolments in force today. Two ways to part the same cost, each with the same total: by plan and by department; never by
-- both, where a group would be a handful. An employee may be in several plans, so of hidden plans one has people enough.
with enrolments as (
    select
        benefit.client_id,
        benefit.currency_code,
        benefit.employee_id,
        benefit.plan_id,
        benefit.plan_name,
        benefit.benefit_kind_code,
        {{ today() }} as as_of_date,
        coalesce(employee.department_group_name || ': ', '') || coalesce(employee.department_name, 'not stated')
            as department_name,
        {{ per_month('employee_share_amount', 'frequency_code') }} as employee_amount,
        {{ per_month('employer_share_amount', 'frequency_code') }} as employer_amount
    from {{ ref('stg_people__benefits') }} as benefit
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
    left join (select * from {{ ref('int_people_employments') }} where is_newest) as employee
        using (client_id, employee_id)
    where valid_from_date <= {{ today() }} and coalesce(valid_to_date >= {{ today() }}, true)
),

grouped as (
    {% for code, name in {'plan': 'plan_id', 'department': 'department_name', 'all': "'all'"}.items() -%}
    select *, '{{ code }}' as group_code, {{ name }} as group_name
    from enrolments
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

counted as (
    select
        client_id,
        currency_code,
        group_code,
        group_name,
        as_of_date,
        case when group_code = 'plan' then max(plan_name) end as plan_name,
        case when group_code = 'plan' then max(benefit_kind_code) end as benefit_kind_code,
        count(distinct employee_id) as people,
        count(*) as enrolments,
        sum(employee_amount) as employee_amount,
        sum(employer_amount) as employer_amount
    from grouped
    group by client_id, currency_code, group_code, group_name, as_of_date
),

judged as (
    select
        *,
        case when group_code = 'plan' then {{ is_suppressed('people', members_overlap=true) }}
            else {{ is_suppressed('people') }} end as is_suppressed
    from counted
    window by_size as (partition by client_id, currency_code, group_code order by people, group_name)
)

select
    client_id,
    currency_code,
    group_code,
    group_name,
    plan_name,
    benefit_kind_code,
    as_of_date,
    is_suppressed,
    {{ shown('people') }} as people,
    {{ shown('enrolments') }} as enrolments,
    {{ shown('employee_amount') }}::numeric(18, 2) as employee_month_amount,
    {{ shown('employer_amount') }}::numeric(18, 2) as employer_month_amount,
    {{ shown('employer_amount * 12') }}::numeric(18, 2) as employer_year_amount,
    {{ cut_off() }} as known_at
from judged
