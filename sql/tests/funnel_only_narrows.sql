-- No stage is reached by more applications than the one before, and what is open or ended is no more than all.
select *
from {{ ref('rpt_recruiting_funnel') }}
where
    not (applications >= screened_applications and screened_applications >= interviewed_applications
        and interviewed_applications >= offered_applications and offered_applications >= hired_applications)
    or open_applications + rejected_applications + withdrawn_applications > applications
    or days_to_hire_counted > hired_applications
