-- Women and men of a group are shown together or not at all: one of them beside the known number of employees gives the
-- other away. Nor is a group hidden alone: the smallest other one of its dimension is hidden with it.
{%- set dimensions = {'all': "'all'", 'entity': 'entity_code', 'department': 'department_name', 'grade': 'grade_id',
                      'location': 'location_name', 'employment_kind': 'employment_kind_code'} %}
with cells as (
    select
        pay.client_id,
        pay.pay_year,
        pay.currency_code,
        dimension.dimension_code,
        dimension.group_name,
        pay.gender_code,
        count(*) as people,
        round(percentile_cont(0.5) within group (order by pay.hourly_amount)::numeric, 2) as median
    from {{ ref('int_payroll_hourly_pay') }} as pay
    cross join lateral (
        values
        {% for code, column in dimensions.items() -%}
        ('{{ code }}', {{ 'pay.' if code != 'all' }}{{ column }}){{ ',' if not loop.last }}
        {% endfor -%}
    ) as dimension (dimension_code, group_name)
    where dimension.group_name is not null
    group by 1, 2, 3, 4, 5, 6
),

groups as (
    select
        client_id,
        pay_year,
        currency_code,
        dimension_code,
        group_name,
        min(people) filter (where gender_code in ('female', 'male')) as people,
        coalesce(bool_or(people < {{ fewest_people() }}) filter (where gender_code in ('female', 'male')), false)
            as is_hidden
    from cells
    group by client_id, pay_year, currency_code, dimension_code, group_name
),

hidden as (
    {{ hide_one_more('groups', ['client_id', 'pay_year', 'currency_code', 'dimension_code'], ['group_name']) }}
),

shown as (
    select
        cells.*,
        cells.people < {{ fewest_people() }} or (hidden.is_hidden_too and cells.gender_code in ('female', 'male'))
            as is_suppressed
    from cells
    join hidden using (client_id, pay_year, currency_code, dimension_code, group_name)
),

figures as (
    select *, case when not is_suppressed then median end as shown_median from shown
)

select
    client_id,
    pay_year,
    currency_code,
    dimension_code,
    group_name,
    gender_code as compared_gender,
    is_suppressed,
    case when not is_suppressed then people / {{ fewest_people() }} * {{ fewest_people() }} end as people_at_least,
    shown_median as median_hourly_amount,
    case
        when gender_code <> 'male'
            then round((1 - shown_median / max(shown_median) filter (where gender_code = 'male') over peers) * 100, 2)
    end as gap_to_men_pct,
    {{ cut_off() }} as known_at
from figures
window peers as (partition by client_id, pay_year, currency_code, dimension_code, group_name)
