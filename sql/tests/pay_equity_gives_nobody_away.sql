-- Shown are medians of five people or more, of women and men of a group together, and no group is hidden alone.
with people as (
    select pay.client_id, pay.pay_year, pay.currency_code, dimension.dimension_code, dimension.group_name,
        pay.gender_code as compared_gender, count(*) as people
    from {{ ref('int_payroll_hourly_pay') }} as pay
    cross join lateral (
        values ('all', 'all'), ('entity', pay.entity_code), ('department', pay.department_name), ('grade', pay.grade_id),
            ('location', pay.location_name), ('employment_kind', pay.employment_kind_code)
    ) as dimension (dimension_code, group_name)
    where dimension.group_name is not null
    group by 1, 2, 3, 4, 5, 6
),

both_sides as (
    select people.*, coalesce(is_suppressed, true) as is_suppressed, mart.median_hourly_amount, mart.gap_to_men_pct,
        mart.people_at_least, mart.client_id is null as is_missing
    from people
    full join {{ ref('rpt_pay_equity') }} as mart
        using (client_id, pay_year, currency_code, dimension_code, group_name, compared_gender)
),

groups as (
    select client_id, pay_year, currency_code, dimension_code, group_name,
        bool_or(is_suppressed) as is_hidden, bool_and(is_suppressed) as is_hidden_whole
    from both_sides
    where compared_gender in ('female', 'male')
    group by 1, 2, 3, 4, 5
)

select client_id, pay_year, dimension_code, group_name
from both_sides
where
    is_missing
    or people is null
    or (is_suppressed and num_nonnulls(median_hourly_amount, gap_to_men_pct, people_at_least) > 0)
    or (not is_suppressed and (people < {{ fewest_people() }} or people_at_least > people))
union all
select client_id, pay_year, dimension_code, group_name from groups where is_hidden <> is_hidden_whole
union all
select client_id, pay_year, dimension_code, 'alone'
from groups
group by client_id, pay_year, currency_code, dimension_code
having count(*) filter (where is_hidden) = 1 and count(*) > 1
