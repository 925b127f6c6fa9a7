{%- set causes = ['new_hire', 'leaver', 'rate', 'hours', 'one_off', 'correction', 'other'] %}
with payslips as ( -- whoever has one, in any currency
    select distinct client_id, source, run_id, period_end_date, employee_id
    from {{ ref('fct_payslip_lines') }}
),

paid as (
    select client_id, source, employee_id, min(period_end_date) as first_end_date, max(period_end_date) as last_end_date
    from payslips
    group by client_id, source, employee_id
),

presence as (
    select
        change.*,
        run.period_start_date,
        run.entity_code,
        run.pay_group_id,
        run.run_kind_code,
        run.previous_run_id,
        run.previous_period_end_date,
        now_paid.employee_id is not null as is_paid_now,
        before_paid.employee_id is not null as is_paid_before,
        coalesce(person.hire_date >= run.previous_period_start_date, paid.first_end_date >= run.period_end_date)
            as is_new,
        case when person.client_id is null then paid.last_end_date < run.period_end_date
            else coalesce(person.exit_date <= run.period_end_date, false) end as has_left,
        coalesce(person.hire_date > run.previous_period_start_date, false) as joined_in_part,
        coalesce(person.exit_date < run.period_end_date, false) as left_in_part,
        rates.has_changed as has_other_rate
    from {{ ref('int_payroll_changes') }} as change
    join {{ ref('int_payroll_runs') }} as run using (client_id, source, run_id, period_end_date)
    join paid using (client_id, source, employee_id)
    left join payslips as now_paid using (client_id, source, run_id, period_end_date, employee_id)
    left join payslips as before_paid
        on before_paid.client_id = change.client_id and before_paid.source = change.source
        and before_paid.run_id = run.previous_run_id and before_paid.period_end_date = run.previous_period_end_date
        and before_paid.employee_id = change.employee_id
    left join {{ ref('int_payroll_people') }} as person
        on person.client_id = change.client_id and person.source = change.source
        and person.employee_id = change.employee_id
    left join {{ ref('int_payroll_rate_changes') }} as rates
        on rates.client_id = change.client_id and rates.source = change.source and rates.run_id = change.run_id
        and rates.period_end_date = change.period_end_date and rates.employee_id = change.employee_id
),

hourly as ( -- what is not there has no hours
    select
        *,
        amount_now - amount_before as change,
        correction_now - correction_before as correction_change,
        case when is_there_now then hours_now else 0 end as h1,
        case when is_there_before then hours_before else 0 end as h0
    from presence
),

caused as (
    select
        *,
        case
            when not is_paid_before then case when is_new then 'new_hire' else 'other' end
            when not is_paid_now then case when has_left then 'leaver' else 'other' end
        end as whole_cause,
        case
            when is_one_off then 'one_off'
            when left_in_part then 'leaver'
            when joined_in_part then 'new_hire'
            when h0 = h1 then case when h0 <> 0 then 'rate' else 'other' end
            when h0 is not null and h1 is not null then
                case
                    when rate_now = rate_before then 'hours'
                    when h0 <> 0 and h1 <> 0 then 'hours_and_rate'
                    when (h0 = 0 and amount_before = 0) or (h1 = 0 and amount_now = 0) then 'hours'
                    else 'other'
                end
            when not is_there_now or not is_there_before or not is_listed then 'other'
            when h0 is not null or h1 is not null then 'other'
            when purpose_code = 'base' and has_other_rate is false then 'other'
            else 'rate'
        end as cause,
        case when h0 <> 0 then round((h1 - h0) * amount_before / h0, 2) end as more_hours_at_the_old_rate
    from hourly
),

parts as (
    select
        *,
        {% for name in causes -%}
        case
            when whole_cause = '{{ name }}' then change + correction_change
            when whole_cause is not null then 0
            {%- if name == 'correction' %}
            else correction_change
            {%- else %}
            when cause = '{{ name }}' then change
            {%- if name == 'hours' %}
            when cause = 'hours_and_rate' then more_hours_at_the_old_rate
            {%- elif name == 'rate' %}
            when cause = 'hours_and_rate' then change - more_hours_at_the_old_rate
            {%- endif %}
            else 0
            {%- endif %}
        end as {{ name }}{{ ',' if not loop.last }}
        {% endfor -%}
    from caused
),

employees as (
    select
        client_id,
        source,
        run_id,
        period_end_date,
        min(period_start_date) as period_start_date,
        min(entity_code) as entity_code,
        min(pay_group_id) as pay_group_id,
        min(run_kind_code) as run_kind_code,
        employee_id,
        currency_code,
        min(previous_run_id) as previous_run_id,
        min(previous_period_end_date) as previous_period_end_date,
        sum(amount_now + correction_now) as gross_amount,
        case when min(previous_run_id) is not null then sum(amount_before + correction_before) end
            as previous_gross_amount,
        {% for name in causes -%}
        case when min(previous_run_id) is not null then sum({{ name }}) end as {{ name }}_amount{{ ',' if not loop.last }}
        {% endfor -%}
    from parts
    group by client_id, source, run_id, period_end_date, employee_id, currency_code
)

select
    client_id,
    source,
    run_id,
    period_end_date,
    period_start_date,
    entity_code,
    pay_group_id,
    run_kind_code,
    employee_id,
    currency_code,
    case when previous_run_id is null then 'no_run_before' else 'compared' end as comparison_code,
    previous_run_id,
    previous_period_end_date,
    gross_amount,
    previous_gross_amount,
    gross_amount - previous_gross_amount as change_amount,
    round((gross_amount - previous_gross_amount) / nullif(abs(previous_gross_amount), 0) * 100, 2) as change_pct,
    {% for name in causes -%}
    {{ name }}_amount,
    {% endfor -%}
    case greatest({% for name in causes %}abs({{ name }}_amount){{ ', ' if not loop.last }}{% endfor %})
        when 0 then null
        {% for name in causes -%}
        when abs({{ name }}_amount) then '{{ name }}'
        {% endfor -%}
    end as main_cause_code,
    {{ cut_off() }} as known_at
from employees
