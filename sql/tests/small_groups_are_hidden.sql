-- No figure of fewer people than may be shown, and none at all of a group that is hidden.
select client_id, 'rpt_performance_distribution' as mart, cycle_id as total, group_code, group_name
from {{ ref('rpt_performance_distribution') }}
where
    case when is_suppressed then num_nonnulls(people, share_pct, mean_rating_pct, lower_quartile_rating_pct, median_rating_pct, upper_quartile_rating_pct) > 0 else coalesce(people, 0) < {{ least_people() }} end
union all
select client_id, 'rpt_benefits_cost' as mart, currency_code as total, group_code, group_name
from {{ ref('rpt_benefits_cost') }}
where
    case when is_suppressed then num_nonnulls(people, enrolments, employee_month_amount, employer_month_amount, employer_year_amount) > 0 else coalesce(people, 0) < {{ least_people() }} end
union all
select client_id, 'rpt_absence' as mart, month::text as total, group_code, group_name
from {{ ref('rpt_absence') }}
where
    case when is_suppressed then num_nonnulls(people, absent_people, absence_days, due_days, absence_pct) > 0 else coalesce(people, 0) < {{ least_people() }} end
