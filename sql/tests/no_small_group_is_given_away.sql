-- Where a total is shown, it gives no hidden group away: there are two of them or more, and where nobody is in two groups, they
-- are people enough together. (Kinds of absence and ratings that are hidden have no names; they are hidden in one row.)
with rows as (
    select client_id, 'rpt_performance_distribution' as mart, cycle_id as total, group_code, is_suppressed, people
    from {{ ref('rpt_performance_distribution') }}
    union all
    select client_id, 'rpt_benefits_cost' as mart, currency_code as total, group_code, is_suppressed, people
    from {{ ref('rpt_benefits_cost') }}
    union all
    select client_id, 'rpt_absence' as mart, month::text as total, group_code, is_suppressed, people
    from {{ ref('rpt_absence') }}
),

parts as (
    select client_id, mart, total, group_code, count(*) filter (where is_suppressed) as hidden, sum(people) as people
    from rows
    where group_code in ('department', 'plan')
    group by client_id, mart, total, group_code
)

select parts.*
from parts
join rows as whole using (client_id, mart, total)
where
    whole.group_code = 'all' and not whole.is_suppressed and hidden > 0
    and (hidden = 1 or parts.group_code = 'department' and whole.people - coalesce(parts.people, 0) < {{ least_people() }})
