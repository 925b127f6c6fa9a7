-- Hidden within each company, then over the client, then again within each company of which a group was hidden for the
-- client's sake: a reader may know the total of either.
{%- set figures = ['paid_hours', 'earning_amount', 'reimbursement_amount', 'employer_cost_amount', 'cost_amount'] %}
with groups as (
    select
        client_id,
        coalesce(line.entity_code, 'not stated') as entity_code,
        date_trunc('month', line.period_end_date)::date as cost_month,
        coalesce(line.cost_center_id, 'not stated') as cost_center_id,
        line.currency_code,
        min(line.period_start_date) as first_period_start_date,
        count(distinct (source, line.employee_id)) as people,
        sum(line.paid_hours) filter (where line.kind_code = 'earning' and line.purpose_code is distinct from 'allowance')
            as paid_hours,
        sum(line.pay_amount) filter (where line.kind_code = 'earning') as earning_amount,
        sum(line.pay_amount) filter (where line.kind_code = 'reimbursement') as reimbursement_amount,
        sum(line.pay_amount) filter (where line.kind_code = 'employer_cost') as employer_cost,
        bool_and(kinds.has_employer_costs) as has_employer_costs,
        sum(line.cost_amount) as cost_amount
    from {{ ref('fct_payslip_lines') }} as line
    join {{ ref('int_payroll_sources') }} as kinds using (client_id, source)
    where line.kind_code in ('earning', 'reimbursement', 'employer_cost')
    group by 1, 2, 3, 4, 5
),

judged as (
    select
        *,
        case when has_employer_costs then coalesce(employer_cost, 0) else employer_cost end as employer_cost_amount,
        people < {{ fewest_people() }} as is_hidden
    from groups
),

{%- set company = ['client_id', 'entity_code', 'cost_month', 'currency_code'] %}
{%- set client = ['client_id', 'cost_month', 'currency_code'] %}
{%- for before, total in [('judged', company), ('judged_1', client), ('judged_2', company)] %}
hidden_{{ loop.index }} as (
    {{ hide_one_more(before, total, ['entity_code', 'cost_center_id']) }}
),

judged_{{ loop.index }} as (
    select
        client_id, entity_code, cost_month, cost_center_id, currency_code, first_period_start_date, has_employer_costs,
        people, is_hidden_too as is_hidden,
        {% for figure in figures %}{{ figure }}{{ ', ' if not loop.last }}{% endfor %}
    from hidden_{{ loop.index }}
){{ ',' if not loop.last }}
{% endfor %}
select
    client_id,
    entity_code,
    cost_month,
    first_period_start_date,
    cost_center_id,
    currency_code,
    is_hidden as is_suppressed,
    case when not is_hidden then people end as people,
    {% for figure in figures -%}
    case when not is_hidden then {{ figure }} end as {{ 'cost_hours' if figure == 'paid_hours' else figure }},
    {% endfor -%}
    case when has_employer_costs then 'with_employer_costs' else 'no_employer_costs' end as cost_basis_code,
    {{ cut_off() }} as known_at
from judged_3
