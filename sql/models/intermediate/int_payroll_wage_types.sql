-- What the list of wage types says of those that payslips name: the list named like the source of the payslips, else the
-- first by name.
with named as (
    select distinct client_id, source, wage_type_id
    from {{ ref('stg_payroll__payslips') }}
)

select distinct on (client_id, source, wage_type_id)
    client_id,
    named.source,
    wage_type_id,
    listed.wage_type_name,
    listed.purpose_code,
    coalesce(listed.is_recurring, true) as is_recurring,
    coalesce(listed.is_statutory, false) as is_statutory,
    listed.authority_name,
    listed.account_id,
    listed.contra_account_id
from named
join {{ ref('stg_payroll__wage_types') }} as listed using (client_id, wage_type_id)
order by client_id, source, wage_type_id, listed.source = named.source desc, listed.source, listed.period desc nulls last
