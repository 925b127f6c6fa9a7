-- Each message of core stands once with what became of it.
with core as (
    select distinct on (client_id, _source, format_code, sender_id, receiver_id, interchange_number, group_number, message_number)
        client_id, message_type_code
    from {{ source('core', 'shipments_interchanges') }}
    where {{ known_at_cut_off() }}
    order by
        client_id, _source, format_code, sender_id, receiver_id, interchange_number, group_number, message_number,
        nullif(_period, '') desc nulls last
),

messages as (
    select client_id, message_type_code, count(*) as messages
    from core
    where message_type_code not in ('CONTRL', '997', '999', 'TA1')
    group by client_id, message_type_code
),

mart as (
    select client_id, message_type_code, count(*) as messages
    from {{ whole(ref('rpt_message_acknowledgements')) }} as whole
    where row_code = 'message'
    group by client_id, message_type_code
)

select client_id, message_type_code, messages.messages, mart.messages as mart_messages
from messages
full join mart using (client_id, message_type_code)
where messages.messages is distinct from mart.messages
