-- Each partner's buckets add up to its open amount, and this and its payments on account to its balance.
{% for ledger in ('payables', 'receivables') -%}
select '{{ ledger }}' as ledger_code, client_id, source, currency_code, as_of_date, open_amount, balance_amount
from {{ ref('rpt_' ~ ledger ~ '_ageing') }}
where
    not_due_amount + days_1_30_amount + days_31_60_amount + days_61_90_amount + over_90_days_amount <> open_amount
    or open_amount + unallocated_amount <> balance_amount
{% if not loop.last %}union all{% endif %}
{% endfor %}
