-- Output tax less input tax of a company and month is what moved on its tax accounts, in core.
with tax_accounts as (
    select client_id, tax_account_id as account_id
    from {{ source('core', 'ledgers_tax_codes') }}
    where {{ known_at_cut_off() }}
    union
    select client_id, account_id
    from (
        select distinct on (client_id, account_id) client_id, account_id, control_code
        from {{ source('core', 'ledgers_accounts') }}
        where {{ known_at_cut_off() }}
        order by client_id, account_id, _source
    ) as chart
    where control_code in ('input_tax', 'output_tax')
),

tax_classes as (
    select distinct on (client_id, account_id) client_id, account_id, account_class_code
    from {{ source('core', 'ledgers_accounts') }}
    where {{ known_at_cut_off() }}
    order by client_id, account_id, _source
),

core as (
    select
        client_id,
        entity_code,
        date_trunc('month', posting_date)::date as posting_month,
        sum(
            case when local_debit_amount is null and local_credit_amount is null then credit_amount - debit_amount
                else coalesce(local_credit_amount, 0) - coalesce(local_debit_amount, 0) end) as tax_amount,
        count(*) as tax_lines
    from {{ source('core', 'ledgers_gl_entries') }}
    left join tax_accounts using (client_id, account_id)
    left join tax_classes using (client_id, account_id)
    where
        {{ known_at_cut_off() }}
        and (
            tax_accounts.account_id is not null
            or tax_code is not null and account_class_code in ('tax_payable', 'tax_receivable'))
    group by 1, 2, 3
),

mart as (
    select
        client_id,
        entity_code,
        posting_month,
        sum(case side_code when 'output' then tax_amount else - tax_amount end) as tax_amount,
        sum(tax_lines) as tax_lines
    from {{ whole(ref('rpt_vat_return')) }} as whole
    where tax_lines > 0
    group by 1, 2, 3
)

select client_id, entity_code, posting_month, core.tax_amount as in_core, mart.tax_amount as in_mart
from core
full join mart using (client_id, entity_code, posting_month)
where (core.tax_amount, core.tax_lines) is distinct from (mart.tax_amount, mart.tax_lines)
