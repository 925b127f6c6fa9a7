-- What a month begins with, and who came and went, make what it ends with; and the next month begins with that.
with months as (
    select *, lag(headcount) over organisation as headcount_before, lag(month) over organisation as month_before
    from {{ ref('rpt_headcount') }}
    window organisation as (
        partition by client_id, level_code, entity_code, department_group_name, department_name order by month
    )
)

select *
from months
where
    headcount <> opening_headcount + hires + transfers_in - leavers - transfers_out
    or month = month_before + interval '1 month' and opening_headcount <> headcount_before
    or leavers_12_months < leavers or voluntary_leavers > leavers
