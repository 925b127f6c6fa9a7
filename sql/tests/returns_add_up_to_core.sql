-- Returned lines and refunds are those in core, per client and currency, each line once in however many periods it came.
with core as (
    select client_id, coalesce(currency_code, '-') as currency_code, count(*) as lines, coalesce(sum(refund_amount), 0) as refund_amount
    from (
        select distinct on (client_id, _source, return_id, line_id) client_id, currency_code, refund_amount
        from {{ source('core', 'shipments_returns') }}
        where {{ known_at_cut_off() }}
        order by client_id, _source, return_id, line_id, nullif(_period, '') desc nulls last
    ) as newest
    group by client_id, coalesce(currency_code, '-')
),

mart as (
    select client_id, coalesce(currency_code, '-') as currency_code, sum(lines) as lines, coalesce(sum(refund_amount), 0) as refund_amount
    from {{ whole(ref('rpt_returns')) }} as whole
    group by client_id, coalesce(currency_code, '-')
)

select client_id, currency_code, core.lines, mart.lines as mart_lines, core.refund_amount, mart.refund_amount as mart_amount
from core
full join mart using (client_id, currency_code)
where (core.lines, core.refund_amount) is distinct from (mart.lines, mart.refund_amount)
