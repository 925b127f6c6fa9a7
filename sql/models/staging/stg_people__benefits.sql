-- A key that two periods name is shown as the later one has it.
select distinct on (client_id, _source, employee_id, plan_id, valid_from_date)
    client_id,
    _source as source,
    nullif(_period, '') as period,
    employee_id,
    plan_id,
    valid_from_date,
    valid_to_date,
    plan_name,
    benefit_kind_code,
    coverage_code,
    employee_share_amount,
    employer_share_amount,
    currency_code,
    frequency_code,
    {{ address() }}
from {{ source('core', 'people_benefits') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('people_benefits') }}
order by client_id, _source, employee_id, plan_id, valid_from_date, _period desc
