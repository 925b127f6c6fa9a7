with lines as (
    select
        line.*,
        -- The share of a line's value that a quantity stands for.
        {% for part in ('cancelled', 'shipped', 'accepted', 'open', 'backorder') -%}
        round(
            line_amount * case
                when {{ part }}_quantity < ordered_quantity then {{ part }}_quantity / ordered_quantity
                when {{ part }}_quantity >= ordered_quantity then 1
            end, 2) as {{ part }}_amount{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('fct_order_lines') }} as line
),

orders as (
    select
        client_id,
        line_kind_code,
        source,
        order_id,
        currency_code,
        max(customer_id) as customer_id,
        max(customer_name) as customer_name,
        min(ordered_date) as ordered_date,
        min(due_date) as first_due_date,
        max(due_date) as last_due_date,
        max(last_delivered_date) as last_delivered_date,
        count(*) as lines,
        {% for status in ('delivered', 'part_delivered', 'overdue', 'open', 'closed', 'cancelled') -%}
        count(*) filter (where line_status_code = '{{ status }}') as {{ status }}_lines,
        {% endfor -%}
        count(*) filter (where backorder_quantity > 0) as backorder_lines,
        -- Pieces and metres do not add up.
        count(distinct coalesce(unit_code, '-')) = 1 as is_one_unit,
        min(unit_code) as unit_code,
        {% for part in ('ordered', 'cancelled', 'shipped', 'delivered', 'accepted', 'open', 'backorder') -%}
        case when count({{ part }}_quantity) = count(*) then sum({{ part }}_quantity) end as {{ part }}_quantity,
        {% endfor -%}
        {% for part in ('cancelled', 'shipped', 'accepted', 'open', 'backorder') -%}
        sum({{ part }}_amount) as {{ part }}_amount,
        {% endfor -%}
        sum(line_amount) as ordered_amount
    from lines
    group by client_id, line_kind_code, source, order_id, currency_code
),

-- An order none of whose lines came, of a source whose other orders have lines.
bare_orders as (
    select distinct on (client_id, source, order_id) head.*
    from {{ ref('stg_shipments__orders') }} as head
    where
        not exists (
            select from {{ ref('fct_order_lines') }} as line
            where line.client_id = head.client_id and line.order_id = head.order_id and line.line_kind_code <> 'shipment'
        )
    order by client_id, source, order_id, period desc nulls last
)

select
    client_id,
    line_kind_code,
    source,
    order_id,
    currency_code,
    customer_id,
    customer_name,
    ordered_date,
    first_due_date,
    last_due_date,
    last_delivered_date,
    case
        when cancelled_lines = lines then 'cancelled'
        when delivered_lines + cancelled_lines = lines then 'delivered'
        when delivered_lines + part_delivered_lines > 0 then 'part_delivered'
        when closed_lines + cancelled_lines = lines then 'closed'
        when overdue_lines > 0 then 'overdue'
        else 'open'
    end as order_status_code,
    lines,
    delivered_lines,
    part_delivered_lines,
    overdue_lines,
    open_lines,
    closed_lines,
    cancelled_lines,
    backorder_lines,
    case when is_one_unit then unit_code end as unit_code,
    {% for part in ('ordered', 'cancelled', 'shipped', 'delivered', 'accepted', 'open', 'backorder') -%}
    case when is_one_unit then {{ part }}_quantity end::numeric(24, 4) as {{ part }}_quantity,
    {% endfor -%}
    {% for part in ('ordered', 'cancelled', 'shipped', 'accepted', 'open', 'backorder') -%}
    {{ part }}_amount::numeric(24, 2) as {{ part }}_amount,
    {% endfor -%}
    {{ cut_off() }} as known_at
from orders
union all
select
    client_id,
    'order',
    source,
    order_id,
    currency_code,
    customer_id,
    customer_name,
    ordered_date,
    coalesce(promised_date, requested_date),
    coalesce(promised_date, requested_date),
    null,
    case when order_status_code = 'cancelled' then 'cancelled' else 'no_lines' end,
    0, 0, 0, 0, 0, 0, 0, 0,
    null,
    {% for part in ('ordered', 'cancelled', 'shipped', 'delivered', 'accepted', 'open', 'backorder') -%}
    null::numeric(24, 4),
    {% endfor -%}
    {% for part in ('ordered', 'cancelled', 'shipped', 'accepted', 'open', 'backorder') -%}
    null::numeric(24, 2),
    {% endfor -%}
    {{ cut_off() }} as known_at
from bare_orders
