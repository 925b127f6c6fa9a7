-- Once the gate has judged, every row received has exactly one fate. Counts of failed deliveries may be incomplete.
select *
from {{ ref('dq_delivery') }}
where
    state in ('validated', 'held', 'approved', 'loaded', 'returned', 'withdrawn')
    and coalesce(rows_received, -1) <> coalesce(rows_loaded, 0) + coalesce(rows_unchanged, 0)
        + coalesce(rows_rejected, 0) + coalesce(rows_skipped, 0) + coalesce(rows_held, 0)
