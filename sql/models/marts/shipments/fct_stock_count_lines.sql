-- Of a line that two periods name, the newest. Its cost is its own, else the standard cost of the product.
with newest as (
    select * from {{ newest(ref('stg_shipments__stock_counts'), ['client_id', 'source', 'count_id', 'line_id']) }} as newest_row
),

counted as (
    select
        line.*,
        product.product_name,
        coalesce(product.base_unit_code, line.unit_code, 'C62') as base_unit_code,
        book_quantity * base_units as book,
        counted_quantity * base_units as counted,
        case when unit_cost_amount is null then product.currency_code else coalesce(line.currency_code, product.currency_code) end
            as cost_currency,
        coalesce(unit_cost_amount, product.standard_cost_amount * base_units) as cost_amount
    from {{ with_base_units('newest') }} as line
    left join {{ ref('int_products') }} as product using (client_id, product_id)
)

select
    client_id,
    source,
    count_id,
    line_id,
    count_date,
    location_id,
    product_id,
    product_name,
    lot_id,
    case when base_units is null then unit_code else base_unit_code end as unit_code,
    case when base_units is null then book_quantity else book end::numeric(20, 4) as book_quantity,
    case when base_units is null then counted_quantity else counted end::numeric(20, 4) as counted_quantity,
    case when base_units is null then counted_quantity - book_quantity else counted - book end::numeric(20, 4)
        as difference_quantity,
    case
        when counted_quantity = book_quantity then 'exact'
        when counted_quantity > book_quantity then 'over'
        else 'short'
    end as variance_code,
    case when cost_currency is not null and cost_amount is not null then cost_currency end as currency_code,
    case when cost_currency is not null then round(book_quantity * cost_amount, 2) end::numeric(24, 2) as book_amount,
    case when cost_currency is not null then round((counted_quantity - book_quantity) * cost_amount, 2) end::numeric(24, 2)
        as difference_amount,
    is_posted,
    delivery_id,
    row_number,
    row_part,
    {{ cut_off() }} as known_at
from counted
