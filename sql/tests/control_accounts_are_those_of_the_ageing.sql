-- The sub-ledgers of all companies and accounts are those of the ageings, and differences are what is left.
with mart as (
    select
        ledger_code, client_id, currency_code, as_of_date, sum(balance_amount) as balance_amount,
        bool_and(difference_amount is not distinct from balance_amount - account_amount) as differs_rightly
    from {{ whole(ref('rpt_subledger_control')) }} as whole
    group by ledger_code, client_id, currency_code, as_of_date
),

ageing as (
    {% for ledger in ('payables', 'receivables') -%}
    select '{{ ledger }}' as ledger_code, client_id, currency_code, as_of_date, sum(balance_amount) as balance_amount
    from {{ whole(ref('rpt_' ~ ledger ~ '_ageing')) }} as whole
    group by client_id, currency_code, as_of_date
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    ledger_code, client_id, currency_code, as_of_date, ageing.balance_amount as in_ageing,
    mart.balance_amount as in_mart
from ageing
full join mart using (ledger_code, client_id, currency_code, as_of_date)
where coalesce(ageing.balance_amount, 0) <> coalesce(mart.balance_amount, 0) or not differs_rightly
