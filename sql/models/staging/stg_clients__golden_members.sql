select
    client_id,
    source,
    customer_id,
    golden_id,
    linked_by,
    _known_from as linked_at
from {{ source('core', 'clients_golden_members') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('clients_golden_members') }}
