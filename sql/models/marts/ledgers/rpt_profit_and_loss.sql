-- Of what a `with` holds the planner knows no numbers: it takes the year before for a row or two and would compare each line
-- with all of its company (36 months of four companies: 20 seconds).
{{ config(pre_hook='set local enable_nestloop = off') }}

-- Closing entries are left out: they carry the result to equity and are no part of it.
with results as (
    select
        line.*,
        period.period_order,
        closing_entry_amount - net_amount as amount,
        sum(closing_entry_amount - net_amount) over (
            partition by client_id, entity_code, line.currency_code, account_id, line.fiscal_year
            order by period.period_order
        )::numeric(24, 2) as year_to_date_amount
    from {{ ref('rpt_general_ledger_by_period') }} as line
    join {{ ref('int_gl_posted_periods') }} as period using (client_id, entity_code, period_code)
    where statement_code = 'profit_and_loss'
),

-- The period a year before; a thirteenth period that the year before did not have meets its last one.
priors as (
    select
        this.client_id,
        this.entity_code,
        this.period_code,
        max(prior.period_order) as prior_order,
        bool_or(prior.period_number = this.period_number) as has_same_number
    from {{ ref('int_gl_posted_periods') }} as this
    join {{ ref('int_gl_posted_periods') }} as prior
        on prior.client_id = this.client_id and prior.entity_code = this.entity_code
        and prior.fiscal_year = this.fiscal_year - 1 and prior.period_number <= this.period_number
    group by this.client_id, this.entity_code, this.period_code
)

select
    this.client_id,
    this.entity_code,
    this.account_id,
    this.period_code,
    this.currency_code,
    this.fiscal_year,
    this.period_number,
    this.period_start_date,
    this.period_end_date,
    this.is_adjustment,
    this.account_code,
    this.account_name,
    this.account_type_code,
    this.account_class_code,
    this.amount::numeric(24, 2) as amount,
    this.year_to_date_amount,
    case
        when priors.has_same_number then coalesce(prior.amount, 0)
        when priors.prior_order is not null then 0
    end::numeric(24, 2) as prior_year_amount,
    case when priors.prior_order is not null then coalesce(prior.year_to_date_amount, 0) end::numeric(24, 2)
        as prior_year_to_date_amount,
    (case account.normal_balance_code when 'debit' then -1 else 1 end * this.amount)::numeric(24, 2) as natural_amount,
    (case account.normal_balance_code when 'debit' then -1 else 1 end * this.year_to_date_amount)::numeric(24, 2)
        as natural_year_to_date_amount,
    {{ cut_off() }} as known_at
from results as this
join {{ ref('int_gl_accounts') }} as account
    on account.client_id = this.client_id and account.account_id = this.account_id
left join priors
    on priors.client_id = this.client_id and priors.entity_code = this.entity_code
    and priors.period_code = this.period_code
left join results as prior
    on prior.client_id = this.client_id and prior.entity_code = this.entity_code
    and prior.currency_code = this.currency_code and prior.account_id = this.account_id
    and prior.period_order = priors.prior_order
