{%- set groups = {
    'vacancy': ("coalesce(source || ': ', '') || requisition_id", 'null::integer'),
    'department': ("coalesce(department_name, department_id, 'not stated')", 'applied_year'),
    'channel': ("coalesce(source_code, 'not stated')", 'applied_year'),
    'all': ("'all'", 'applied_year'),
} -%}
-- An application has reached a stage if it has a date there or further on, not after today, or if it stands there or further
-- on. What was rejected or withdrawn has reached what its dates say.
with dated as (
    select
        application.*,
        {{ today() }} as as_of_date,
        array_position(array['applied', 'screened', 'interviewed', 'offered', 'hired'], stage_code) as stage_number
    from {{ ref('stg_people__applications') }} as application
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
),

reached as (
    select
        *,
        extract(year from applied_date)::integer as applied_year,
        min(opened_date) over vacancy as vacancy_opened_date,
        max(openings_quantity) over vacancy as openings,
        greatest(
            1,
            stage_number,
            case when screened_date <= as_of_date then 2 end,
            case when interviewed_date <= as_of_date then 3 end,
            case when offered_date <= as_of_date then 4 end,
            case when hired_date <= as_of_date then 5 end
        ) as furthest
    from dated
    window vacancy as (partition by client_id, source, requisition_id)
),

applications as (
    select
        *,
        case when furthest = 5 then hired_date - applied_date end as days_to_hire,
        case when furthest = 5 then hired_date - vacancy_opened_date end as days_to_fill,
        furthest < 5 and stage_code not in ('rejected', 'withdrawn') and closed_date is null as is_open
    from reached
),

grouped as (
    {% for code, (name, year) in groups.items() -%}
    select
        *,
        '{{ code }}' as group_code,
        {{ name }} as group_name,
        {{ year }} as group_year
    from applications
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    client_id,
    group_code,
    group_name,
    group_year as applied_year,
    case when group_code = 'vacancy' then max(position_name) end as position_name,
    case when group_code = 'vacancy' then max(vacancy_opened_date) end as opened_date,
    case when group_code = 'vacancy' then coalesce(max(openings), 1) end::numeric(8, 2) as openings_quantity,
    count(*) as applications,
    count(*) filter (where furthest >= 2) as screened_applications,
    count(*) filter (where furthest >= 3) as interviewed_applications,
    count(*) filter (where furthest >= 4) as offered_applications,
    count(*) filter (where furthest >= 5) as hired_applications,
    count(*) filter (where is_open) as open_applications,
    count(*) filter (where stage_code = 'rejected') as rejected_applications,
    count(*) filter (where stage_code = 'withdrawn') as withdrawn_applications,
    {% for before, after in [(1, 2), (2, 3), (3, 4), (4, 5)] -%}
    round(count(*) filter (where furthest >= {{ after }}) * 100.0
        / nullif(count(*) filter (where furthest >= {{ before }}), 0), 2)::numeric(12, 2)
        as {{ {2: 'screened', 3: 'interviewed', 4: 'offered', 5: 'hired'}[after] }}_pct,
    {% endfor -%}
    {% for days in ['days_to_fill', 'days_to_hire'] -%}
    count({{ days }}) as {{ days }}_counted,
    avg({{ days }})::numeric(12, 1) as mean_{{ days }},
    percentile_cont(0.5) within group (order by {{ days }})::numeric(12, 1) as median_{{ days }},
    {% endfor -%}
    as_of_date,
    {{ cut_off() }} as known_at
from grouped
group by client_id, group_code, group_name, group_year, as_of_date
