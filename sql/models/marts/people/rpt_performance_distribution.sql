-- Of each employee and cycle the last review that is final. Two ways to part the same people, each with the same total: by
-- rating and by department; never by both, where a group would be a handful. Ratings of too few stand in one row without
-- their names: that there was a worst rating may say whose.
with reviews as (
    select distinct on (client_id, cycle_id, employee_id)
        client_id,
        cycle_id,
        employee_id,
        coalesce(rating_code, trim_scale(rating_value)::text) as rating_code,
        rating_value / nullif(rating_scale_max, 0) * 100 as rating_pct
    from {{ ref('stg_people__reviews') }}
    where coalesce(status_code, 'final') = 'final' and coalesce(rating_code, rating_value::text) is not null
    order by client_id, cycle_id, employee_id, review_date desc, review_id desc, source
),

-- where ratings are numbers, means are of those alone who have one, and so are the people they are made of
measured as (
    select
        *,
        rating_pct is not null or bool_and(rating_pct is null) over (partition by client_id, cycle_id) as is_measured
    from reviews
),

people as (
    select client_id, cycle_id, 'rating' as group_code, rating_code as group_name, null::numeric as rating_pct
    from measured
    union all
    select
        client_id,
        cycle_id,
        'department',
        coalesce(employee.department_group_name || ': ', '') || coalesce(employee.department_name, 'not stated'),
        rating_pct
    from measured
    left join (select * from {{ ref('int_people_employments') }} where is_newest) as employee
        using (client_id, employee_id)
    where is_measured
    union all
    select client_id, cycle_id, 'all', 'all', rating_pct
    from measured
    where is_measured
),

counted as (
    select
        client_id,
        cycle_id,
        group_code,
        group_name,
        count(*) as people,
        avg(rating_pct) as mean_rating_pct,
        {% for name, share in {'lower_quartile': '0.25', 'median': '0.5', 'upper_quartile': '0.75'}.items() -%}
        percentile_cont({{ share }}) within group (order by rating_pct) as {{ name }}_rating_pct
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    from people
    group by client_id, cycle_id, group_code, group_name
),

judged as (
    select
        *,
        people * 100.0 / sum(people) over (partition by client_id, cycle_id, group_code) as share_pct,
        {{ is_suppressed('people') }} as is_suppressed
    from counted
    window by_size as (partition by client_id, cycle_id, group_code order by people, group_name)
)

select distinct
    client_id,
    cycle_id,
    group_code,
    case when is_suppressed and group_code = 'rating' then 'not shown' else group_name end as group_name,
    is_suppressed,
    {{ shown('people') }} as people,
    {{ shown('share_pct') }}::numeric(12, 2) as share_pct,
    {{ shown('mean_rating_pct') }}::numeric(12, 2) as mean_rating_pct,
    {{ shown('lower_quartile_rating_pct') }}::numeric(12, 2) as lower_quartile_rating_pct,
    {{ shown('median_rating_pct') }}::numeric(12, 2) as median_rating_pct,
    {{ shown('upper_quartile_rating_pct') }}::numeric(12, 2) as upper_quartile_rating_pct,
    {{ cut_off() }} as known_at
from judged
