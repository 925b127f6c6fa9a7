-- Everybody whom core names stands in the history, and nobody whom it never named.
with core as (
    select distinct client_id, employee_id
    from {{ source('core', 'people_employees') }} as version
    where {{ known_so_far() }} and not {{ taken_back('people.employees') }}
),

mart as (
    select distinct client_id, employee_id from {{ whole(ref('rpt_employee_history')) }} as whole
)

(select * from core except select * from mart)
union all
(select * from mart except select * from core)
