-- What became of each message: who answered it, when and how. An answer names the number of the interchange (CONTRL, TA1),
-- of the group (997, 999, 824) or the document (824, APERAK). Senders use numbers again: an answer is of the last message of
-- that number that was prepared before it, or at most a day later, as X12 tells times without their zone.
{%- set answer_types = "('CONTRL', 'APERAK', '997', '999', '824', 'TA1')" %}
{%- set never_answered = "('CONTRL', '997', '999', 'TA1')" %}
{%- set message_key = ['client_id', 'source', 'format_code', 'sender_id', 'receiver_id', 'interchange_number', 'group_number', 'message_number'] %}
with register as (
    select * from {{ newest(ref('stg_shipments__interchanges'), message_key) }} as newest_row
),

messages as (
    select *, ltrim(message_number, '0') as bare_message, ltrim(group_number, '0') as bare_group
    from register
),

answers as (
    select *, {{ message_key | join(" || ' ' || ") }} as answer_id
    from register
    where message_type_code in {{ answer_types }}
),

named as (
    select answers.answer_id, ltrim(told.name, '0') as bare_message, told.name
    from answers
    cross join lateral regexp_split_to_table(answers.acknowledged_message_number, ' ') as told (name)
),

keys as (
    select
        answer_id, client_id, format_code, sender_id, receiver_id, created_at, 'interchange' as key_kind,
        ltrim(acknowledged_interchange_number, '0') as key, null as kinds
    from answers
    where message_type_code in ('CONTRL', 'TA1')
    union all
    select
        answer_id, client_id, format_code, sender_id, receiver_id, created_at, 'group',
        ltrim(acknowledged_group_number, '0'), acknowledged_message_type_code
    from answers
    where message_type_code in ('997', '999') or message_type_code = '824' and acknowledged_group_number is not null
    union all
    select answer_id, client_id, format_code, sender_id, receiver_id, created_at, 'document', answered_document_id, null
    from answers
    where message_type_code = 'APERAK' or message_type_code = '824' and acknowledged_group_number is null
),

message_keys as (
    select messages.*, key_kind, key
    from messages
    cross join lateral (values
        ('interchange', ltrim(interchange_number, '0')), ('group', bare_group), ('document', document_id)
    ) as numbers (key_kind, key)
),

-- Answers with the messages they are of: of a number used again, the last ones before.
candidates as (
    select
        message.*,
        keys.answer_id,
        rank() over (partition by keys.answer_id order by message.created_at desc) as nearest
    from keys
    join message_keys as message
        on message.client_id = keys.client_id and message.format_code = keys.format_code
        and message.sender_id = keys.receiver_id and message.receiver_id = keys.sender_id
        and message.key_kind = keys.key_kind and message.key = keys.key
        and message.created_at <= keys.created_at + interval '1 day'
        and (keys.kinds is null or message.message_type_code = any(string_to_array(keys.kinds, ' ')))
),

pairs as (
    select
        message.{{ message_key | join(', message.') }},
        message.message_type_code,
        message.bare_message,
        answer.answer_id,
        answer.message_type_code as answer_type_code,
        answer.created_at as answered_at,
        answer.interchange_number as answer_interchange_number,
        answer.message_number as answer_message_number,
        case
            when answer.message_type_code in ('TA1', 'APERAK') then answer.acknowledgement_code
            when exists (
                select from regexp_split_to_table(answer.rejected_message_number, ' ') as rejected (number)
                where ltrim(rejected.number, '0') = message.bare_message
            ) then 'rejected'
            when answer.message_type_code = '824' and names.names > 0 and not names.has_this then null
            when answer.acknowledgement_code = 'rejected' or names.names = 0 then answer.acknowledgement_code
            when answer.acknowledgement_code = 'received' then 'received'
            when names.has_this and own.of_message > 0 then 'accepted_with_errors'
            when names.has_this or answer.rejected_message_number is not null then 'accepted'
            when answer.acknowledgement_code = 'accepted_with_errors' then 'accepted'
            else answer.acknowledgement_code
        end as status_code,
        own.errors,
        own.first_error,
        own.all_errors
    from candidates as message
    join answers as answer using (answer_id)
    cross join lateral (
        select count(*) as names, coalesce(bool_or(named.bare_message = message.bare_message), false) as has_this
        from named
        where named.answer_id = answer.answer_id
    ) as names
    cross join lateral (
        select
            count(*) as errors,
            count(*) filter (where answer.message_type_code = 'APERAK' or told.part in (message.message_number, message.document_id)) as of_message,
            (array_agg(told.error order by told.place))[1] as first_error,
            string_agg(told.error, '; ' order by told.place) as all_errors
        from (
            select error, place, rtrim(split_part(error, ' ', 1), ':') as part
            from regexp_split_to_table(answer.acknowledgement_errors, '; ') with ordinality as piece (error, place)
        ) as told
        where
            answer.message_type_code = 'APERAK'
            or told.part in (message.message_number, message.document_id, 'interchange')
            or told.part = 'group' and ltrim(rtrim(split_part(told.error, ' ', 2), ':'), '0') = message.bare_group
                and told.error not like 'group %: of % sent %' -- which counts messages, and is no error of this one
    ) as own
    where message.nearest = 1
),

-- Of several answers of one type the last counts, of several types the worst: who takes the envelope may refuse the document.
lasting as (
    select *, count(*) over (partition by {{ message_key | join(', ') }}) as acknowledgements
    from (
        select *, row_number() over (partition by {{ message_key | join(', ') }}, answer_type_code order by answered_at desc, answer_id) as newest
        from pairs
        where status_code is not null
    ) as judged
),

deciding as (
    select distinct on ({{ message_key | join(', ') }}) *
    from lasting
    where newest = 1
    order by
        {{ message_key | join(', ') }},
        array_position(array['rejected', 'partially_accepted', 'accepted_with_errors', 'accepted', 'received'], status_code),
        answered_at, answer_id
),

-- What the receiver of an order says of it as a whole.
documents as (
    select distinct on (client_id, format_code, sender_id, receiver_id, answered_document_id)
        client_id, format_code, sender_id, receiver_id, answered_document_id, created_at as answered_at,
        coalesce(document_answer_code, 'answered') as document_answer_code
    from register
    where message_type_code in ('ORDRSP', '855', '865')
    order by client_id, format_code, sender_id, receiver_id, answered_document_id, created_at desc
),

answering as (
    select distinct client_id, format_code, sender_id, receiver_id from answers
)

select
    message.client_id,
    message.source,
    'message' as row_code,
    message.format_code,
    message.sender_id,
    message.receiver_id,
    message.interchange_number,
    message.group_number,
    message.message_number,
    message.message_type_code,
    message.document_id,
    message.created_at as sent_at,
    message.is_acknowledgement_wanted,
    message.is_test,
    case
        when deciding.status_code is not null then deciding.status_code
        when answering.client_id is null then 'never_acknowledged'
        when (message.created_at at time zone coalesce(client.time_zone, 'UTC'))::date < {{ today() }} - 1 then 'overdue'
        else 'awaited'
    end as status_code,
    deciding.answered_at as acknowledged_at,
    round(extract(epoch from deciding.answered_at - message.created_at) / 3600, 1)::numeric(12, 1) as hours_to_acknowledgement,
    coalesce(deciding.acknowledgements, 0) as acknowledgements,
    deciding.answer_type_code as acknowledgement_type_code,
    deciding.answer_interchange_number as acknowledgement_interchange_number,
    deciding.answer_message_number as acknowledgement_message_number,
    coalesce(deciding.errors, 0) as errors,
    {{ error_part('deciding.first_error', 'place') }} as error_place,
    {{ error_part('deciding.first_error', 'code') }} as error_code,
    {{ error_part('deciding.first_error', 'text') }} as error_text,
    deciding.all_errors as errors_as_told,
    documents.document_answer_code,
    documents.answered_at as document_answered_at,
    message.message_faults,
    message.delivery_id,
    message.row_number,
    message.row_part,
    {{ cut_off() }} as known_at
from messages as message
left join deciding using ({{ message_key | join(', ') }})
left join answering
    on answering.client_id = message.client_id and answering.format_code = message.format_code
    and answering.sender_id = message.receiver_id and answering.receiver_id = message.sender_id
left join documents
    on documents.client_id = message.client_id and documents.format_code = message.format_code
    and documents.sender_id = message.receiver_id and documents.receiver_id = message.sender_id
    and documents.answered_document_id = message.document_id
    and message.message_type_code in ('ORDERS', 'ORDCHG', '850', '860')
left join {{ ref('stg_ops__clients') }} as client on client.client_id = message.client_id
where message.message_type_code not in {{ never_answered }}
union all
select
    answer.client_id,
    answer.source,
    'acknowledgement',
    answer.format_code,
    answer.receiver_id,
    answer.sender_id,
    answer.acknowledged_interchange_number,
    answer.acknowledged_group_number,
    coalesce(missing.name, answer.acknowledged_message_number),
    answer.acknowledged_message_type_code,
    answer.answered_document_id,
    null,
    null,
    answer.is_test,
    'no_message',
    answer.created_at,
    null,
    1,
    answer.message_type_code,
    answer.interchange_number,
    answer.message_number,
    coalesce(cardinality(string_to_array(answer.acknowledgement_errors, '; ')), 0),
    {{ error_part("split_part(answer.acknowledgement_errors, '; ', 1)", 'place') }},
    {{ error_part("split_part(answer.acknowledgement_errors, '; ', 1)", 'code') }},
    {{ error_part("split_part(answer.acknowledgement_errors, '; ', 1)", 'text') }},
    answer.acknowledgement_errors,
    null,
    null,
    answer.message_faults,
    answer.delivery_id,
    answer.row_number,
    answer.row_part,
    {{ cut_off() }}
from answers as answer
left join named as missing on missing.answer_id = answer.answer_id and answer.message_type_code <> 'APERAK'
where not exists (
    select from pairs
    where pairs.answer_id = answer.answer_id and (missing.name is null or pairs.bare_message = missing.bare_message)
)
