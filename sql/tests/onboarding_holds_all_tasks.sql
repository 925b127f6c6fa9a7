-- Each task in core is counted once.
with core as (
    select client_id, count(distinct (_source, employee_id, task_id)) as tasks
    from {{ source('core', 'people_onboarding_tasks') }}
    where {{ known_at_cut_off() }}
    group by client_id
),

mart as (
    select client_id, sum(tasks) as tasks
    from {{ whole(ref('rpt_onboarding_status')) }} as whole
    group by client_id
)

select client_id, core.tasks, mart.tasks as mart_tasks
from core
full join mart using (client_id)
where core.tasks is distinct from mart.tasks
