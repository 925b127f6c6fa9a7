-- A work permit, proof of identity or driving licence is replaced by one of the same kind that is valid for longer; of
-- qualifications and other documents an employee has several that say nothing of each other.
with documents as (
    select
        document.*,
        {{ today() }} as as_of_date,
        kind_code in ('work_permit', 'identity', 'driving_licence')
        and coalesce(document.valid_to_date, 'infinity') < max(coalesce(document.valid_to_date, 'infinity')) over (
            partition by client_id, employee_id, kind_code
        ) as is_replaced
    from {{ ref('stg_people__documents') }} as document
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
)

select
    client_id,
    document.source,
    document_id,
    employee_id,
    coalesce(employee.department_group_name, 'not stated') as department_group_name,
    coalesce(employee.department_name, 'not stated') as department_name,
    coalesce(employee.is_employed, true) as is_employed,
    kind_code,
    coalesce(is_mandatory, false) as is_mandatory,
    issued_date,
    valid_to_date,
    valid_to_date - document.as_of_date as days_left,
    case
        when is_replaced then 'replaced'
        when valid_to_date is null then 'for_good'
        when valid_to_date < document.as_of_date then 'expired'
        when valid_to_date <= document.as_of_date + 30 then 'expires_in_30_days'
        when valid_to_date <= document.as_of_date + 90 then 'expires_in_90_days'
        else 'valid'
    end as status_code,
    document.as_of_date,
    delivery_id,
    row_number,
    row_part,
    {{ cut_off() }} as known_at
from documents as document
left join {{ ref('int_people_employments') }} as employee using (client_id, employee_id)
where employee.employee_id is null or employee.is_newest
