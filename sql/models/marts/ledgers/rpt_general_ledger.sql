-- (Looped, as the planner takes a month for a few lines, each would be compared with each partner.)
{{ config(indexes=[{'columns': ['client_id', 'posting_month']}], pre_hook='set local enable_nestloop = off') }}

select
    line.client_id,
    line.source,
    line.entity_code,
    line.journal_id,
    line.line_id,
    line.posting_date,
    line.posting_month,
    line.document_date,
    line.journal_type_code,
    line.account_id,
    account.account_code,
    account.account_name,
    account.account_type_code,
    account.account_class_code,
    account.is_in_chart,
    line.fiscal_year,
    line.period_number,
    line.period_code,
    line.debit_amount,
    line.credit_amount,
    line.amount,
    (
        coalesce(earlier.earlier_amount, 0)
        + sum(line.amount) over (
            partition by
                line.client_id, line.entity_code, line.currency_code, line.account_id, line.period_code,
                line.posting_month
            order by line.posting_date, line.journal_id, line.line_id, line.source
        )
    )::numeric(24, 2) as running_amount,
    line.currency_code,
    line.transaction_amount,
    line.transaction_currency,
    line.partner_id,
    partner.partner_name,
    line.counterparty_entity_code,
    line.document_id,
    line.description,
    line.cost_center_id,
    line.department_id,
    line.project_id,
    line.tax_code,
    line.reversed_journal_id,
    line.delivery_id,
    line.row_number,
    line.row_part,
    {{ cut_off() }} as known_at
from {{ of_changed_months(whole(ref('fct_gl_lines')), 'posting_month') }} as line
join {{ ref('int_gl_accounts') }} as account using (client_id, account_id)
left join {{ ref('int_gl_partners') }} as partner using (client_id, partner_id)
left join {{ ref('int_gl_earlier_months') }} as earlier
    using (client_id, entity_code, account_id, currency_code, period_code, posting_month)
