-- A line that comes in several periods stands once: as the newest says.
with newest as (
    select * from {{ newest(ref('stg_shipments__returns'), ['client_id', 'source', 'return_id', 'line_id']) }} as newest_row
),

counted as (
    select
        line.*,
        {{ in_counted_units('line.returned_quantity', 'line') }} as quantity,
        {{ counted_unit('line') }} as counted_unit_code,
        date_trunc('month', line.returned_date)::date as returned_month
    from {{ with_base_units('newest') }} as line
    left join {{ ref('int_products') }} as product using (client_id, product_id)
),

order_lines as (
    select distinct on (client_id, order_id, line_id)
        client_id, order_id, line_id as order_line_id, last_delivered_date, customer_id
    from {{ ref('fct_order_lines') }}
    order by client_id, order_id, line_id, line_kind_code, source
),

orders as (
    select client_id, order_id, max(last_delivered_date) as last_delivered_date, max(customer_id) as customer_id
    from order_lines
    group by client_id, order_id
),

returned as (
    select
        counted.client_id,
        returned_month,
        product_id,
        coalesce(counted.customer_id, order_lines.customer_id, orders.customer_id) as customer_id,
        coalesce(reason_code, 'not_stated') as reason_code,
        currency_code,
        counted_unit_code as unit_code,
        source || ' ' || return_id as return_key,
        quantity,
        disposition_code,
        refund_amount,
        returned_date - coalesce(order_lines.last_delivered_date, orders.last_delivered_date) as days_after
    from counted
    left join order_lines using (client_id, order_id, order_line_id)
    left join orders
        on orders.client_id = counted.client_id and orders.order_id = counted.order_id
),

delivered as (
    select
        client_id,
        date_trunc('month', last_delivered_date)::date as returned_month,
        product_id,
        customer_id,
        unit_code,
        case when count(*) = count(delivered_quantity) then sum(delivered_quantity) end as delivered_quantity
    from {{ ref('fct_order_lines') }}
    where last_delivered_date is not null
    group by client_id, 2, product_id, customer_id, unit_code
),

sums as (
    select
        client_id,
        returned_month,
        product_id,
        customer_id,
        reason_code,
        currency_code,
        unit_code,
        count(*) as lines,
        count(distinct return_key) as returns,
        case when count(*) = count(quantity) then sum(quantity) end as returned_quantity,
        {% for what in ('restocked', 'repaired', 'scrapped', 'returned_to_supplier') -%}
        coalesce(sum(quantity) filter (where disposition_code = '{{ what }}'), 0) as {{ what }}_quantity,
        {% endfor -%}
        coalesce(sum(quantity) filter (where coalesce(disposition_code, 'open') = 'open'), 0) as undecided_quantity,
        sum(refund_amount) as refund_amount,
        round(avg(days_after) filter (where days_after >= 0), 1) as mean_days_after_delivery
    from returned
    group by client_id, returned_month, product_id, customer_id, reason_code, currency_code, unit_code
)

select
    sums.client_id,
    sums.returned_month,
    sums.product_id,
    product.product_name,
    product.product_group_name,
    sums.customer_id,
    sums.reason_code,
    sums.currency_code,
    sums.unit_code,
    sums.lines,
    sums.returns,
    sums.returned_quantity::numeric(24, 4) as returned_quantity,
    {% for what in ('restocked', 'repaired', 'scrapped', 'returned_to_supplier', 'undecided') -%}
    sums.{{ what }}_quantity::numeric(24, 4) as {{ what }}_quantity,
    {% endfor -%}
    sums.refund_amount::numeric(24, 2) as refund_amount,
    sums.mean_days_after_delivery::numeric(10, 1) as mean_days_after_delivery,
    delivered.delivered_quantity::numeric(24, 4) as delivered_quantity,
    round(100 * sums.returned_quantity / nullif(delivered.delivered_quantity, 0), 2)::numeric(12, 2)
        as returned_of_delivered_pct,
    {{ cut_off() }} as known_at
from sums
left join delivered
    on delivered.client_id = sums.client_id and delivered.returned_month = sums.returned_month
    and delivered.product_id = sums.product_id and delivered.customer_id is not distinct from sums.customer_id
    and delivered.unit_code is not distinct from sums.unit_code
left join {{ ref('int_products') }} as product
    on product.client_id = sums.client_id and product.product_id = sums.product_id
