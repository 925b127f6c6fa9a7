-- Movements tell what was issued on which day. Where there are lists only, an issue is what a product has less at a place
-- than on the list before, or that it is not on the next one, and days are counted to the last list: nobody knows what has
-- become of it since.
with positions as (
    select
        client_id,
        source,
        product_id,
        product_name,
        product_group_name,
        min(basis_code) as basis_code,
        max(position_date) as position_date,
        case when count(on_hand_quantity) = count(*) then sum(on_hand_quantity) end as on_hand_quantity,
        case when count(stock_amount) = count(*) and (min(currency_code) = max(currency_code)) is not false
            then sum(stock_amount) end as stock_amount,
        case when min(currency_code) = max(currency_code) then min(currency_code) end as currency_code
    from {{ ref('rpt_stock_position') }}
    where status_code is distinct from 'listed_elsewhere'
    group by client_id, source, product_id, product_name, product_group_name
    having sum(on_hand_quantity) > 0 or count(on_hand_quantity) < count(*)
),

moved as (
    select
        client_id,
        product_id,
        max(movement_date) filter (where quantity < 0 and movement_kind_code in ('issue', 'production_out')) as last_issue_date,
        min(movement_date) as first_date
    from {{ ref('int_stock_movements') }}
    group by client_id, product_id
),

days_of_lists as (
    select
        client_id,
        source,
        location_id,
        list_date,
        lead(list_date) over (partition by client_id, source, location_id order by list_date) as next_list_date
    from (select distinct client_id, source, location_id, list_date from {{ ref('int_stock_lists') }}) as lists
),

on_lists as (
    select client_id, source, location_id, product_id, list_date, next_list_date, sum(quantity) as quantity
    from {{ ref('int_stock_lists') }}
    join days_of_lists using (client_id, source, location_id, list_date)
    group by client_id, source, location_id, product_id, list_date, next_list_date
),

compared as (
    select
        *,
        case
            when lead(list_date) over lists = next_list_date then lead(quantity) over lists < quantity
            else quantity > 0
        end as is_less_on_next
    from on_lists
    window lists as (partition by client_id, source, location_id, product_id order by list_date)
),

listed as (
    select
        client_id,
        source,
        product_id,
        max(next_list_date) filter (where is_less_on_next) as last_issue_date,
        min(list_date) as first_date,
        count(next_list_date) > 0 as is_compared
    from compared
    group by client_id, source, product_id
),

told as (
    select
        position.*,
        case when moved.client_id is not null then 'movements' when listed.is_compared then 'lists' else 'none' end
            as issue_basis_code,
        case when moved.client_id is not null then moved.last_issue_date else listed.last_issue_date end as last_issue_date,
        case when moved.client_id is not null then moved.first_date else listed.first_date end as first_date,
        case when moved.client_id is not null then {{ today() }} else position.position_date end as until_date,
        coalesce(client.slow_moving_days, 180) as slow_moving_days
    from positions as position
    left join moved on moved.client_id = position.client_id and moved.product_id = position.product_id
    left join listed
        on listed.client_id = position.client_id and listed.source = position.source
        and listed.product_id = position.product_id
    left join {{ ref('stg_ops__clients') }} as client on client.client_id = position.client_id
),

judged as (
    select
        *,
        until_date - coalesce(last_issue_date, first_date) as days_without_issue
    from told
)

select
    client_id,
    source,
    product_id,
    product_name,
    product_group_name,
    position_date,
    on_hand_quantity::numeric(20, 4) as on_hand_quantity,
    currency_code,
    stock_amount::numeric(24, 2) as stock_amount,
    issue_basis_code,
    first_date,
    last_issue_date,
    case when issue_basis_code <> 'none' then days_without_issue end::integer as days_without_issue,
    slow_moving_days::integer as slow_moving_days,
    case when issue_basis_code <> 'none' then days_without_issue >= slow_moving_days end as is_slow_moving,
    case when issue_basis_code <> 'none' and days_without_issue >= slow_moving_days then stock_amount end::numeric(24, 2)
        as slow_moving_amount,
    {{ cut_off() }} as known_at
from judged
