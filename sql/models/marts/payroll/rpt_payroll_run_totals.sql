-- A run of the list is whole with the payslips of all sources that belong to it; one that no list names is its source's own.
{%- set totals = [('gross', 'gross_total_amount'), ('withheld', 'withheld_total_amount'),
                  ('net', 'net_total_amount'), ('employer', 'employer_total_amount')] %}
with runs as (
    select *, coalesce(told_source, source) as whose from {{ ref('int_payroll_runs') }}
),

people as ( -- of the run in any currency: a payslip in two is one
    select run.client_id, run.whose, run.run_id, run.period_end_date, count(distinct (source, employee_id)) as payslips
    from runs as run
    join {{ ref('rpt_gross_to_net') }} as payslip using (client_id, source, run_id, period_end_date)
    where payslip.has_payslip
    group by 1, 2, 3, 4
),

figures as (
    select
        run.client_id,
        run.whose,
        run.run_id,
        run.period_end_date,
        payslip.currency_code,
        sum(gross_amount) as gross,
        sum(deduction_amount + tax_amount) as withheld,
        sum(net_amount) as net,
        sum(employer_cost_amount) as employer,
        sum(paid_amount) as paid,
        sum(payment_difference_amount) as payment_difference,
        count(*) filter (where payment_check_code in ('not_paid', 'differs', 'no_payslip')) as payments_that_differ,
        bool_or(payslip.has_payslip) as has_payslips
    from runs as run
    join {{ ref('rpt_gross_to_net') }} as payslip using (client_id, source, run_id, period_end_date)
    group by 1, 2, 3, 4, 5
),

stated as (
    select distinct on (client_id, whose, run_id, period_end_date)
        client_id, whose, run_id, period_end_date, told_source, currency_code as run_currency, period_start_date, pay_date,
        entity_code, pay_group_id, run_kind_code, payslip_count,
        {% for name, total in totals %}{{ total }}{{ ', ' if not loop.last }}{% endfor %}
    from runs
    order by client_id, whose, run_id, period_end_date, source
),

currencies as (
    select client_id, whose, run_id, period_end_date, currency_code from figures
    union
    select client_id, whose, run_id, period_end_date, run_currency from stated where told_source is not null
),

compared as (
    select
        client_id,
        whose as source,
        run_id,
        period_end_date,
        currency_code,
        run.period_start_date,
        run.pay_date,
        run.entity_code,
        run.pay_group_id,
        run.run_kind_code,
        run.told_source is not null as is_in_list,
        coalesce(figures.has_payslips, false) as has_payslips,
        coalesce(people.payslips, 0) as payslips,
        case when run_currency = currency_code then run.payslip_count end as stated_payslips,
        {% for name, total in totals -%}
        figures.{{ name }} as {{ name }}_amount,
        case when run_currency = currency_code then run.{{ total }} end as stated_{{ name }}_amount,
        {% endfor -%}
        figures.paid as paid_amount,
        figures.payment_difference as payment_difference_amount,
        coalesce(figures.payments_that_differ, 0) as payments_that_differ
    from currencies
    join stated as run using (client_id, whose, run_id, period_end_date)
    left join figures using (client_id, whose, run_id, period_end_date, currency_code)
    left join people using (client_id, whose, run_id, period_end_date)
)

select
    client_id,
    source,
    run_id,
    period_end_date,
    period_start_date,
    pay_date,
    entity_code,
    pay_group_id,
    run_kind_code,
    currency_code,
    payslips,
    stated_payslips,
    payslips - stated_payslips as payslips_difference,
    {% for name, total in totals -%}
    {{ name }}_amount,
    stated_{{ name }}_amount,
    {{ name }}_amount - stated_{{ name }}_amount as {{ name }}_difference_amount,
    {% endfor -%}
    case
        when not is_in_list then 'not_in_list'
        when num_nonnulls(stated_payslips{% for name, total in totals %}, stated_{{ name }}_amount{% endfor %}) = 0
            then 'not_stated'
        when not has_payslips then 'no_payslips'
        when payslips <> stated_payslips
            {% for name, total in totals %}or {{ name }}_amount <> stated_{{ name }}_amount {% endfor %}
            then 'differs'
        when payslips = stated_payslips
            {% for name, total in totals %}or {{ name }}_amount = stated_{{ name }}_amount {% endfor %}
            then 'agrees'
        else 'no_parts'
    end as total_check_code,
    paid_amount,
    payment_difference_amount,
    payments_that_differ,
    {{ cut_off() }} as known_at
from compared
