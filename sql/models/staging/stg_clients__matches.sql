select
    client_id,
    left_source,
    left_customer_id,
    right_source,
    right_customer_id,
    verdict,
    decided_by,
    probability,
    reasons,
    _known_from as found_at
from {{ source('core', 'clients_matches') }}
where
    {{ known_at_cut_off() }}
    and {{ of_changed_clients('clients_matches') }}
