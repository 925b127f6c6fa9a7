{%- set kinds = ['earning', 'reimbursement', 'deduction', 'tax', 'employer_cost', 'gross', 'net'] %}
with payslips as (
    select
        client_id, source, run_id, period_end_date, employee_id, currency_code,
        {% for kind in kinds -%}
        sum(pay_amount) filter (where kind_code = '{{ kind }}') as {{ kind }},
        {% endfor -%}
        null::numeric as paid,
        null::numeric as returned,
        true as has_payslip
    from {{ ref('fct_payslip_lines') }}
    group by client_id, source, run_id, period_end_date, employee_id, currency_code
    union all
    select
        client_id, source, run_id, period_end_date, employee_id, currency_code,
        {% for kind in kinds %}null, {% endfor %}
        sum(paid_amount), sum(returned_amount), false
    from {{ ref('int_payroll_payments') }}
    group by client_id, source, run_id, period_end_date, employee_id, currency_code
),

joined as (
    select
        client_id, source, run_id, period_end_date, employee_id, currency_code,
        {% for kind in kinds %}sum({{ kind }}) as {{ kind }}, {% endfor %}
        sum(paid) as paid,
        sum(returned) as returned,
        bool_or(has_payslip) as has_payslip
    from payslips
    group by client_id, source, run_id, period_end_date, employee_id, currency_code
),

paying as (
    select distinct client_id, source, true as has_payments
    from {{ ref('int_payroll_payments') }}
),

told as (
    select
        joined.*,
        case when has_payslip and has_earnings then coalesce(earning, 0) end as earning_amount,
        case when has_payslip and has_earnings and has_withheld then coalesce(reimbursement, 0) else reimbursement end
            as reimbursement_amount,
        case when has_payslip and has_withheld then coalesce(deduction, 0) end as deduction_amount,
        case when has_payslip and has_withheld then coalesce(tax, 0) end as tax_amount,
        case when has_payslip and has_employer_costs then coalesce(employer_cost, 0) end as employer_cost_amount,
        coalesce(has_payments, false) as has_payments
    from joined
    left join {{ ref('int_payroll_sources') }} as kinds using (client_id, source)
    left join paying using (client_id, source)
),

added_up as (
    select
        *,
        earning_amount + reimbursement_amount - deduction_amount - tax_amount as net_of_parts,
        case when has_payments then coalesce(paid, 0) end as paid_amount
    from told
),

compared as (
    select
        *,
        coalesce(earning_amount, gross) as gross_amount,
        coalesce(net_of_parts, net) as net_amount,
        earning_amount - gross as gross_check_amount,
        net_of_parts - net as net_check_amount
    from added_up
)

select
    client_id,
    source,
    run_id,
    period_end_date,
    run.period_start_date,
    run.pay_date,
    run.entity_code,
    run.pay_group_id,
    run.run_kind_code,
    employee_id,
    compared.currency_code,
    has_payslip,
    earning_amount,
    gross_amount,
    reimbursement_amount,
    deduction_amount,
    tax_amount,
    net_amount,
    employer_cost_amount,
    gross as stated_gross_amount,
    gross_check_amount,
    case
        when not has_payslip then 'no_payslip'
        when gross is null then 'not_stated'
        when earning_amount is null then 'no_parts'
        when gross_check_amount = 0 then 'agrees'
        else 'differs'
    end as gross_check_code,
    net as stated_net_amount,
    net_check_amount,
    case
        when not has_payslip then 'no_payslip'
        when net is null then 'not_stated'
        when net_of_parts is null then 'no_parts'
        when net_check_amount = 0 then 'agrees'
        else 'differs'
    end as net_check_code,
    paid_amount,
    case when has_payments then coalesce(returned, 0) end as returned_amount,
    case when has_payslip then net_amount else 0 end - paid_amount as payment_difference_amount,
    case
        when not has_payments then 'no_payments'
        when not has_payslip then 'no_payslip'
        when net_amount is null then 'no_net'
        when net_amount = paid_amount then 'agrees'
        when paid_amount = 0 then 'not_paid'
        else 'differs'
    end as payment_check_code,
    {{ cut_off() }} as known_at
from compared
left join {{ ref('int_payroll_runs') }} as run using (client_id, source, run_id, period_end_date)
