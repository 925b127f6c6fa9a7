-- Which run the payslips of a source and delivered period belong to. A run is known by its number and the end of its period,
-- since some number their runs anew every year. The list of runs says what it is; where none is delivered, the payslips do.
with delivered as (
    select
        client_id,
        source,
        coalesce(line.period, '') as period,
        run_id,
        min(line.period_start_date) as period_start_date,
        max(line.period_end_date) as period_end_date,
        max(line.pay_date) as pay_date,
        case when count(line.entity_code) = count(*) and min(line.entity_code) = max(line.entity_code)
            then min(line.entity_code) end as entity_code,
        case when count(person.pay_group_id) = count(*) and min(person.pay_group_id) = max(person.pay_group_id)
            then min(person.pay_group_id) end as pay_group_id
    from {{ ref('stg_payroll__payslips') }} as line
    left join {{ ref('int_payroll_people') }} as person using (client_id, source, employee_id)
    group by 1, 2, 3, 4
),

listed as (
    select distinct on (client_id, source, run_id, period_end_date) *
    from {{ ref('stg_payroll__runs') }}
    order by client_id, source, run_id, period_end_date, period desc nulls last
),

told as (
    select *, min(source) over number = max(source) over number as is_only_source
    from listed
    window number as (partition by client_id, run_id)
),

found as (
    select distinct on (delivered.client_id, delivered.source, delivered.period, delivered.run_id)
        delivered.client_id,
        delivered.source,
        delivered.period,
        delivered.run_id,
        true as has_payslips,
        told.source as told_source,
        told.period_end_date as told_end_date,
        coalesce(told.entity_code, delivered.entity_code) as entity_code,
        case when told.run_id is null then delivered.pay_group_id else told.pay_group_id end as pay_group_id,
        told.run_kind_code,
        coalesce(told.period_start_date, delivered.period_start_date) as period_start_date,
        coalesce(told.period_end_date, delivered.period_end_date) as period_end_date,
        coalesce(told.pay_date, delivered.pay_date) as pay_date,
        told.payslip_count,
        told.gross_total_amount,
        told.withheld_total_amount,
        told.net_total_amount,
        told.employer_total_amount,
        told.currency_code
    from delivered
    left join told
        on told.client_id = delivered.client_id and told.run_id = delivered.run_id
        and (told.source = delivered.source or told.is_only_source)
        and told.period_start_date <= delivered.period_end_date
        and told.period_end_date >= delivered.period_start_date
    order by
        delivered.client_id, delivered.source, delivered.period, delivered.run_id,
        told.source = delivered.source desc nulls last,
        told.period_end_date = delivered.period_end_date desc nulls last,
        told.period_end_date desc nulls last
)

select * from found
union all
select
    told.client_id,
    told.source,
    null,
    told.run_id,
    false,
    told.source,
    told.period_end_date,
    told.entity_code,
    told.pay_group_id,
    told.run_kind_code,
    told.period_start_date,
    told.period_end_date,
    told.pay_date,
    told.payslip_count,
    told.gross_total_amount,
    told.withheld_total_amount,
    told.net_total_amount,
    told.employer_total_amount,
    told.currency_code
from told
where not exists (
    select from found
    where
        found.client_id = told.client_id and found.run_id = told.run_id
        and found.told_source = told.source and found.told_end_date = told.period_end_date
)
