-- A payslip that is delivered again in a later period is the one of that period.
with lines as (
    select
        line.*,
        run.period_start_date as run_start_date,
        run.period_end_date as run_end_date,
        run.pay_date as run_pay_date,
        run.entity_code as run_entity_code,
        run.pay_group_id,
        run.run_kind_code,
        rank() over (
            partition by line.client_id, line.source, line.run_id, run.period_end_date, line.employee_id
            order by line.period desc nulls last
        ) as place
    from {{ ref('stg_payroll__payslips') }} as line
    join {{ ref('int_payroll_run_keys') }} as run
        on run.client_id = line.client_id and run.source = line.source and run.run_id = line.run_id
        and run.period = coalesce(line.period, '')
)

select
    client_id,
    source,
    run_id,
    line.run_end_date as period_end_date,
    line.run_start_date as period_start_date,
    coalesce(line.run_pay_date, line.pay_date) as pay_date,
    coalesce(line.entity_code, line.run_entity_code) as entity_code,
    line.pay_group_id,
    line.run_kind_code,
    employee_id,
    line.line_id,
    wage_type_id,
    wage_type.wage_type_name,
    line.kind_code,
    wage_type.purpose_code,
    wage_type.is_recurring,
    case when wage_type.client_id is null then line.kind_code = 'tax' else wage_type.is_statutory end as is_statutory,
    wage_type.authority_name,
    wage_type.account_id,
    wage_type.contra_account_id,
    line.earned_from_date,
    coalesce(line.earned_from_date < line.run_start_date, false) as is_correction,
    line.paid_hours,
    line.pay_rate,
    line.pay_amount,
    case
        when line.kind_code in ('earning', 'reimbursement') then line.pay_amount
        when line.kind_code in ('deduction', 'tax') then -line.pay_amount
        else 0
    end as net_effect_amount,
    case when line.kind_code in ('earning', 'reimbursement', 'employer_cost') then line.pay_amount else 0 end
        as cost_amount,
    line.currency_code,
    coalesce(line.cost_center_id, person.cost_center_id) as cost_center_id,
    person.department_name,
    line.delivery_id,
    line.row_number,
    line.row_part,
    {{ cut_off() }} as known_at
from lines as line
left join {{ ref('int_payroll_wage_types') }} as wage_type using (client_id, source, wage_type_id)
left join {{ ref('int_payroll_people') }} as person using (client_id, source, employee_id)
where line.place = 1
