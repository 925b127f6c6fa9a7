-- (Looped, as the planner takes a month for a few lines, each of 56,000 would be compared with each of 400 accounts.)
{{ config(indexes=[{'columns': ['client_id', 'posting_month']}], pre_hook='set local enable_nestloop = off') }}

-- A line is tax when it stands on a tax account (of a tax code, or a control account of input or output tax; with a tax code
-- also any account of class tax), base when it has a tax code and stands on no account of partners or banks. Tax lines without
-- a tax code are shown too (payments to the office, carry-overs), so that all lines of tax accounts are here.
-- On purchases where the buyer owes the tax, the base counts on both sides, as the tax is booked on both.
{%- set both_sides = "('reverse_charge', 'intra_community')" %}
with chart as (
    select distinct on (client_id, account_id) client_id, account_id, account_class_code, control_code
    from {{ ref('stg_ledgers__accounts') }}
    order by client_id, account_id, source
),

codes as (
    select distinct on (client_id, tax_code, valid_from_date) *
    from {{ ref('stg_ledgers__tax_codes') }}
    order by client_id, tax_code, valid_from_date, source
),

versions as (
    select
        *,
        case when row_number() over one = 1 then '-infinity' else valid_from_date end as counts_from,
        coalesce(lead(valid_from_date) over one, 'infinity') as counts_before
    from codes
    window one as (partition by client_id, tax_code order by valid_from_date)
),

tax_accounts as (
    select client_id, tax_account_id as account_id, min(direction_code) as direction_code
    from codes
    where tax_account_id is not null
    group by client_id, tax_account_id
),

judged as (
    select
        line.client_id,
        line.entity_code,
        line.posting_month,
        line.fiscal_year,
        line.period_number,
        line.period_code,
        line.currency_code,
        line.amount,
        line.tax_code,
        version.country_code,
        version.tax_kind_code,
        version.direction_code,
        version.rate_pct,
        case
            when version.tax_kind_code in ('zero', 'exempt', 'export', 'outside') then 0
            when version.direction_code = 'output' and version.tax_kind_code in {{ both_sides }} then 0
            else version.rate_pct
        end as due_pct,
        version.return_box_code,
        version.tax_box_code,
        coalesce(
            case chart.control_code when 'input_tax' then 'input' when 'output_tax' then 'output' end,
            case
                when version.direction_code = 'input' and version.tax_kind_code in {{ both_sides }}
                    and line.account_id is distinct from version.tax_account_id
                    then 'output'
            end,
            version.direction_code,
            tax_accounts.direction_code,
            case when chart.account_class_code = 'tax_receivable' or line.amount > 0 then 'input' else 'output' end
        ) as account_side_code,
        tax_accounts.account_id is not null
            or coalesce(chart.control_code in ('input_tax', 'output_tax'), false)
            or line.tax_code is not null and coalesce(chart.account_class_code in ('tax_payable', 'tax_receivable'), false)
            as is_tax,
        line.tax_code is not null
            and coalesce(chart.control_code, '') not in ('receivables', 'payables', 'bank')
            and coalesce(chart.account_class_code, '') not in ('receivables', 'payables', 'cash')
            as is_coded
    from {{ of_changed_months(whole(ref('fct_gl_lines')), 'posting_month') }} as line
    left join chart using (client_id, account_id)
    left join tax_accounts using (client_id, account_id)
    left join versions as version
        on version.client_id = line.client_id
        and version.tax_code = line.tax_code
        and coalesce(line.document_date, line.posting_date) >= version.counts_from
        and coalesce(line.document_date, line.posting_date) < version.counts_before
    where line.tax_code is not null or tax_accounts.account_id is not null or chart.control_code in ('input_tax', 'output_tax')
),

parts as (
    select
        *, account_side_code as side_code, 0::numeric as base, amount as tax, 1 as tax_lines, 0 as base_lines
    from judged
    where is_tax
    union all
    select
        judged.*,
        side.side_code,
        amount,
        0,
        0,
        1
    from judged
    cross join lateral (
        select coalesce(direction_code, case when amount > 0 then 'input' else 'output' end) as side_code
        union all
        select 'output' where direction_code = 'input' and tax_kind_code in {{ both_sides }}
    ) as side
    where is_coded and not is_tax
),

signed as (
    select
        parts.*,
        case
            when side_code = 'input' then 1
            when direction_code = 'input' and tax_kind_code in {{ both_sides }} then 1
            else -1
        end as base_sign,
        case side_code when 'input' then 1 else -1 end as tax_sign
    from parts
)

select
    client_id,
    entity_code,
    posting_month,
    fiscal_year,
    period_number,
    period_code,
    side_code,
    tax_code,
    tax_kind_code,
    country_code,
    rate_pct,
    case when side_code = direction_code then return_box_code end as base_box_code,
    case when side_code = direction_code then tax_box_code end as tax_box_code,
    currency_code,
    sum(base_sign * base)::numeric(24, 2) as base_amount,
    sum(tax_sign * tax)::numeric(24, 2) as tax_amount,
    round(sum(base_sign * base) * due_pct / 100, 2) as expected_tax_amount,
    (sum(tax_sign * tax) - round(sum(base_sign * base) * due_pct / 100, 2))::numeric(24, 2) as tax_difference_amount,
    sum(base_lines) as base_lines,
    sum(tax_lines) as tax_lines,
    {{ cut_off() }} as known_at
from signed
group by
    client_id, entity_code, posting_month, fiscal_year, period_number, period_code, side_code, tax_code, tax_kind_code,
    country_code, direction_code, rate_pct, due_pct, return_box_code, signed.tax_box_code, currency_code
