-- The open amounts of all suppliers are those of the ledger, per client, source and currency.
with ledger as (
    select client_id, _source as source, currency_code, sum(open_amount) as open_amount
    from {{ source('core', 'ledgers_payables') }}
    where
        {{ known_at_cut_off() }}
        and (client_id, _source, _period) in (
            select client_id, _source, max(_period)
            from {{ source('core', 'ledgers_payables') }}
            where {{ known_at_cut_off() }}
            group by client_id, _source
        )
    group by client_id, _source, currency_code
),

mart as (
    select client_id, source, currency_code, sum(open_amount) as open_amount
    from {{ whole(ref('rpt_payables_ageing')) }} as whole
    group by client_id, source, currency_code
)

select client_id, source, currency_code, ledger.open_amount as in_core, mart.open_amount as in_mart
from ledger
full join mart using (client_id, source, currency_code)
where coalesce(ledger.open_amount, 0) <> coalesce(mart.open_amount, 0)
