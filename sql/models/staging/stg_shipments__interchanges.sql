select
    client_id,
    _source as source,
    nullif(_period, '') as period,
    format_code,
    sender_id,
    receiver_id,
    interchange_number,
    group_number,
    message_number,
    message_type_code,
    message_version,
    created_at,
    document_id,
    segments_said,
    segments_found,
    messages_said,
    messages_found,
    groups_said,
    groups_found,
    acknowledged_interchange_number,
    acknowledged_group_number,
    acknowledged_message_number,
    acknowledgement_code,
    is_test,
    unknown_segments,
    message_faults,
    {{ address() }}
from {{ source('core', 'shipments_interchanges') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('shipments_interchanges') }}
