-- Shown figures are those of five people or more; what a company's or the client's total less them would tell, too.
with people as (
    select client_id, coalesce(entity_code, 'not stated') as entity_code,
        date_trunc('month', period_end_date)::date as cost_month, coalesce(cost_center_id, 'not stated') as cost_center_id,
        currency_code, count(distinct (source, employee_id)) as people, sum(cost_amount) as cost_amount
    from {{ ref('fct_payslip_lines') }}
    where kind_code in ('earning', 'reimbursement', 'employer_cost')
    group by 1, 2, 3, 4, 5
),

both_sides as (
    select people.*, coalesce(mart.is_suppressed, true) as is_suppressed, mart.client_id is null as is_missing,
        mart.cost_amount as shown_amount,
        num_nonnulls(mart.people, mart.cost_amount, mart.earning_amount, mart.reimbursement_amount,
            mart.employer_cost_amount, mart.cost_hours) as shown_figures
    from people
    full join {{ ref('rpt_payroll_cost_by_cost_centre') }} as mart
        using (client_id, entity_code, cost_month, cost_center_id, currency_code)
),

totals as (
    select client_id, cost_month, currency_code,
        count(*) filter (where is_suppressed) as hidden, count(*) as groups,
        sum(people) filter (where is_suppressed) as hidden_people
    from both_sides
    group by grouping sets ((client_id, cost_month, currency_code), (client_id, cost_month, currency_code, entity_code))
)

select client_id, cost_month, currency_code, cost_center_id
from both_sides
where
    is_missing
    or people is null
    or (is_suppressed and shown_figures > 0)
    or (not is_suppressed and (people < {{ fewest_people() }} or cost_amount <> shown_amount))
union all
select client_id, cost_month, currency_code, 'total'
from totals
where hidden between 1 and groups - 1 and (hidden = 1 or hidden_people < {{ fewest_people() }})
