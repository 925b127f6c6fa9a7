select
    client_id,
    source,
    count_id,
    location_id,
    unit_code,
    currency_code,
    min(count_date) as first_date,
    max(count_date) as last_date,
    count(*) as lines,
    count(*) filter (where variance_code = 'exact') as exact_lines,
    count(*) filter (where variance_code = 'over') as over_lines,
    count(*) filter (where variance_code = 'short') as short_lines,
    round(100.0 * count(*) filter (where variance_code = 'exact') / count(*), 2)::numeric(5, 2) as accuracy_pct,
    sum(book_quantity)::numeric(20, 4) as book_quantity,
    sum(counted_quantity)::numeric(20, 4) as counted_quantity,
    sum(difference_quantity)::numeric(20, 4) as difference_quantity,
    sum(abs(difference_quantity))::numeric(20, 4) as absolute_difference_quantity,
    sum(book_amount)::numeric(24, 2) as book_amount,
    sum(difference_amount)::numeric(24, 2) as difference_amount,
    sum(abs(difference_amount))::numeric(24, 2) as absolute_difference_amount,
    round(100 - 100 * least(sum(abs(difference_amount)) / nullif(sum(abs(book_amount)), 0), 1), 2)::numeric(5, 2)
        as value_accuracy_pct,
    count(*) filter (where variance_code <> 'exact' and is_posted) as posted_lines,
    count(*) filter (where variance_code <> 'exact' and not coalesce(is_posted, false)) as unposted_lines,
    {{ cut_off() }} as known_at
from {{ ref('fct_stock_count_lines') }}
group by client_id, source, count_id, location_id, unit_code, currency_code
