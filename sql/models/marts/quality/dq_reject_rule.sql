select
    delivery.client_id,
    reject.delivery_id,
    delivery.feed,
    reject.rule_id,
    reject.severity,
    count(distinct (reject.row_number, reject.row_part)) as rows,
    count(distinct (reject.row_number, reject.row_part)) filter (where reject.state = 'open') as open_rows,
    count(distinct (reject.row_number, reject.row_part)) filter (where reject.state = 'corrected') as corrected_rows,
    count(distinct (reject.row_number, reject.row_part)) filter (where reject.state = 'waived') as waived_rows,
    count(distinct (reject.row_number, reject.row_part)) filter (where reject.state = 'written_off') as written_off_rows,
    count(distinct (reject.row_number, reject.row_part)) filter (where reject.state = 'superseded') as superseded_rows,
    count(distinct (reject.row_number, reject.row_part)) filter (where reject.state = 'withdrawn') as withdrawn_rows,
    min(reject.row_number) as first_row_number,
    (array_agg(reject.message order by reject.row_number, reject.row_part, reject.column_name))[1] as first_message,
    {{ cut_off() }} as known_at
from {{ source('quarantine', 'reject') }} as reject
join {{ source('ops', 'delivery') }} as delivery using (delivery_id)
group by delivery.client_id, reject.delivery_id, delivery.feed, reject.rule_id, reject.severity
