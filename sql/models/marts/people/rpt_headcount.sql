{%- set levels = {
    'department': ['entity_code', 'department_group_name', 'department_name'],
    'entity': ['entity_code'],
    'client': [],
} -%}
{%- set parts = ['entity_code', 'department_group_name', 'department_name'] -%}
-- Headcount is counted up from what happened: somebody came, left, or went from one department to another. So each month
-- begins with what the month before ended with.
with stretches as (
    select
        client_id,
        employee_id,
        hire_date,
        valid_from_date,
        valid_to_date,
        is_first,
        is_last,
        as_of_date,
        {% for part in parts -%}
        coalesce({{ part }}, 'not stated') as {{ part }},
        {% endfor -%}
        coalesce(is_salaried, false)::integer as salaried,
        coalesce(full_time_equivalent, 0) as full_time_equivalent,
        (full_time_equivalent is null)::integer as without_fte
    from {{ ref('int_people_stretches') }}
    where not is_undated and valid_from_date <= as_of_date
),

-- Somebody who goes from one company of the client to another ends there by transfer and begins here.
moves_between_companies as (
    select ended.client_id, ended.employee_id as from_id, ended.hire_date as from_hire_date, begun.employee_id, begun.hire_date
    from {{ ref('int_people_employments') }} as ended
    join {{ ref('int_people_employments') }} as begun
        on begun.client_id = ended.client_id and begun.person_id = ended.person_id
        and (begun.employee_id, begun.hire_date) <> (ended.employee_id, ended.hire_date)
        and begun.hire_date between ended.last_date - 31 and ended.last_date + 31
    where ended.exit_reason_code = 'transfer'
),

events as (
    select
        client_id, employee_id, hire_date, valid_from_date as event_date, as_of_date,
        1 as heads, salaried, full_time_equivalent, without_fte,
        case
            when not is_first then 'move'
            when (client_id, employee_id, hire_date) in (
                select client_id, employee_id, hire_date from moves_between_companies
            ) then 'change_of_company'
            else 'hire'
        end as event_code,
        false as is_voluntary,
        {% for part in parts -%}
        {{ part }}, lag({{ part }}) over employment as other_{{ part }},
        {% endfor -%}
        1 as direction
    from stretches
    window employment as (partition by client_id, employee_id, hire_date order by valid_from_date)
    union all
    select
        client_id, employee_id, hire_date, lead(valid_from_date) over employment, as_of_date,
        -1, -salaried, -full_time_equivalent, -without_fte,
        'move', false,
        {% for part in parts -%}
        {{ part }}, lead({{ part }}) over employment,
        {% endfor -%}
        -1
    from stretches
    window employment as (partition by client_id, employee_id, hire_date order by valid_from_date)
    union all
    select
        client_id, employee_id, hire_date, valid_to_date, as_of_date,
        -1, -salaried, -full_time_equivalent, -without_fte,
        case exit_reason_code when 'transfer' then 'change_of_company' else 'exit' end,
        coalesce(exit_reason_code = 'voluntary', false),
        {% for part in parts -%}
        {{ part }}, null,
        {% endfor -%}
        -1
    from stretches
    join (
        select client_id, employee_id, hire_date, exit_reason_code from {{ ref('int_people_employments') }}
    ) as employment using (client_id, employee_id, hire_date)
    where is_last and valid_to_date <= as_of_date
),

levelled as (
    {% for level, names in levels.items() -%}
    select
        client_id,
        '{{ level }}' as level_code,
        {% for part in parts -%}
        {% if part in names %}{{ part }}{% else %}'all'{% endif %} as {{ part }},
        {% endfor -%}
        date_trunc('month', event_date)::date as month,
        as_of_date,
        event_code,
        is_voluntary,
        direction,
        heads, salaried, full_time_equivalent, without_fte,
        {% if names -%}
        event_code = 'change_of_company' or event_code = 'move'
            and ({{ names | join(', ') }}) <> (other_{{ names | join(', other_') }}) as is_transfer
        {%- else -%}
        event_code = 'change_of_company' as is_transfer
        {%- endif %}
    from events
    where event_date <= as_of_date
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

clients as (
    select
        client_id,
        as_of_date,
        greatest(min(month), date_trunc('month', as_of_date - interval '240 months')::date) as first_month
    from levelled
    group by client_id, as_of_date
),

-- What was before the first month stands in the month before it.
monthly as (
    select
        client_id,
        level_code,
        {{ parts | join(', ') }},
        greatest(month, (first_month - interval '1 month')::date) as month,
        sum(heads) as heads,
        sum(salaried) as salaried,
        sum(full_time_equivalent) as full_time_equivalent,
        sum(without_fte) as without_fte,
        count(*) filter (where event_code = 'hire') as hires,
        count(*) filter (where event_code = 'exit') as leavers,
        count(*) filter (where event_code = 'exit' and is_voluntary) as voluntary_leavers,
        count(*) filter (where is_transfer and direction = 1) as transfers_in,
        count(*) filter (where is_transfer and direction = -1) as transfers_out
    from levelled
    join clients using (client_id)
    group by 1, 2, 3, 4, 5, 6
),

months as (
    select
        organisation.*,
        clients.as_of_date,
        spine::date as month,
        spine::date >= first_month as is_shown
    from (select distinct client_id, level_code, {{ parts | join(', ') }} from monthly) as organisation
    join clients using (client_id)
    cross join generate_series(
        (first_month - interval '1 month')::timestamp, date_trunc('month', clients.as_of_date)::timestamp,
        interval '1 month'
    ) as spine
),

running as (
    select
        client_id, level_code, {{ parts | join(', ') }}, month, as_of_date, is_shown,
        coalesce(heads, 0) as heads,
        {% for figure in ['hires', 'leavers', 'voluntary_leavers', 'transfers_in', 'transfers_out'] -%}
        case when is_shown then coalesce({{ figure }}, 0) else 0 end as {{ figure }},
        {% endfor -%}
        sum(coalesce(heads, 0)) over until_now as headcount,
        sum(coalesce(salaried, 0)) over until_now as salaried_headcount,
        sum(coalesce(full_time_equivalent, 0)) over until_now as full_time_equivalent,
        sum(coalesce(without_fte, 0)) over until_now as headcount_without_fte
    from months
    left join monthly using (client_id, level_code, {{ parts | join(', ') }}, month)
    window until_now as (partition by client_id, level_code, {{ parts | join(', ') }} order by month)
),

yearly as (
    select
        *,
        headcount - heads as opening_headcount,
        sum(hires) over year_until_now as hires_12_months,
        sum(leavers) over year_until_now as leavers_12_months,
        sum(voluntary_leavers) over year_until_now as voluntary_leavers_12_months,
        count(*) filter (where is_shown) over year_until_now as months_counted,
        -- of each month the mean of its two ends; averaged over the months there are
        avg((headcount - heads + headcount) / 2.0) filter (where is_shown) over year_until_now as average_headcount
    from running
    window year_until_now as (
        partition by client_id, level_code, {{ parts | join(', ') }}
        order by month rows between 11 preceding and current row
    )
)

select
    client_id,
    level_code,
    {{ parts | join(',\n    ') }},
    month,
    least((month + interval '1 month')::date - 1, as_of_date) as until_date,
    opening_headcount::bigint as opening_headcount,
    hires::bigint as hires,
    transfers_in::bigint as transfers_in,
    leavers::bigint as leavers,
    voluntary_leavers::bigint as voluntary_leavers,
    transfers_out::bigint as transfers_out,
    headcount::bigint as headcount,
    salaried_headcount::bigint as salaried_headcount,
    case when headcount_without_fte < headcount or headcount = 0 then full_time_equivalent end::numeric(14, 4)
        as full_time_equivalent,
    headcount_without_fte::bigint as headcount_without_fte,
    hires_12_months::bigint as hires_12_months,
    leavers_12_months::bigint as leavers_12_months,
    voluntary_leavers_12_months::bigint as voluntary_leavers_12_months,
    months_counted::integer as months_counted,
    average_headcount::numeric(14, 2) as average_headcount,
    round(leavers_12_months / nullif(average_headcount, 0) * 100, 2)::numeric(12, 2) as turnover_pct,
    round(voluntary_leavers_12_months / nullif(average_headcount, 0) * 100, 2)::numeric(12, 2)
        as voluntary_turnover_pct,
    {{ cut_off() }} as known_at
from yearly
where is_shown and (opening_headcount <> 0 or headcount <> 0 or hires <> 0 or leavers_12_months <> 0
    or transfers_in <> 0 or transfers_out <> 0)
