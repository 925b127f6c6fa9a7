-- freight_audit_holds_all_charges
-- Every charge of core is audited once, with its amount.
with core as (
    select client_id, currency_code, count(*) as charges, sum(charged_amount) as charged_amount
    from (
        select distinct on (client_id, _source, carrier_id, invoice_id, line_id) client_id, currency_code, charged_amount
        from {{ source('core', 'shipments_freight_invoices') }}
        where {{ known_at_cut_off() }}
        order by client_id, _source, carrier_id, invoice_id, line_id, nullif(_period, '') desc nulls last
    ) as charges
    group by client_id, currency_code
),

mart as (
    select client_id, currency_code, count(*) as charges, sum(charged_amount) as charged_amount
    from {{ whole(ref('rpt_freight_audit')) }} as whole
    group by client_id, currency_code
)

select client_id, currency_code, core.charges, mart.charges as in_mart, core.charged_amount, mart.charged_amount as amount_in_mart
from core
full join mart using (client_id, currency_code)
where (core.charges, core.charged_amount) is distinct from (mart.charges, mart.charged_amount)
