-- The vacancies, the departments, the channels and all together hold each application in core once.
with core as (
    select client_id, count(distinct (_source, application_id)) as applications
    from {{ source('core', 'people_applications') }}
    where {{ known_at_cut_off() }}
    group by client_id
),

mart as (
    select client_id, group_code, sum(applications) as applications
    from {{ whole(ref('rpt_recruiting_funnel')) }} as whole
    group by client_id, group_code
)

select client_id, group_code, core.applications, mart.applications as mart_applications
from core
cross join (values ('vacancy'), ('department'), ('channel'), ('all')) as codes (group_code)
full join mart using (client_id, group_code)
where core.applications is distinct from mart.applications
