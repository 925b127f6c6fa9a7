-- Today's open amounts of all suppliers and of all customers are those of the ledger, per client, source and currency.
with ledger as (
    {% for ledger in ('payables', 'receivables') -%}
    select '{{ ledger }}' as ledger_code, client_id, _source as source, currency_code, sum(open_amount) as open_amount
    from {{ standing_documents(ledger, 'supplier_id' if ledger == 'payables' else 'customer_id') }} as document
    group by client_id, _source, currency_code
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

mart as (
    {% for ledger in ('payables', 'receivables') -%}
    select '{{ ledger }}' as ledger_code, client_id, source, currency_code, sum(open_amount) as open_amount
    from {{ whole(ref('rpt_' ~ ledger ~ '_ageing')) }} as whole
    where is_today
    group by client_id, source, currency_code
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    ledger_code, client_id, source, currency_code, ledger.open_amount as in_core, mart.open_amount as in_mart
from ledger
full join mart using (ledger_code, client_id, source, currency_code)
where coalesce(ledger.open_amount, 0) <> coalesce(mart.open_amount, 0)
