-- A period of this feed is the register as it was printed at the period's end: only the newest one says what is there.
with newest as (
    select client_id, _source, max(_period) as _period
    from {{ source('core', 'ledgers_fixed_assets') }}
    where
        {{ known_at_cut_off() }}
        and {{ of_changed_clients('ledgers_fixed_assets') }}
    group by client_id, _source
)

select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    entity_code,
    asset_id,
    asset_name,
    asset_class_code,
    acquired_date,
    in_service_date,
    disposed_date,
    cost_amount,
    accumulated_depreciation_amount,
    book_amount,
    residual_amount,
    disposal_amount,
    currency_code,
    life_months,
    method_code,
    register_date,
    account_id,
    depreciation_account_id,
    cost_center_id,
    {{ address() }}
from {{ source('core', 'ledgers_fixed_assets') }}
join newest using (client_id, _source, _period)
where {{ known_at_cut_off() }}
