-- The company of a client that has only one: documents and payments of such a client need not name it.
with entities as (
    select client_id, entity_code from {{ ref('stg_ledgers__entities') }}
    union
    select client_id, entity_code
    from {{ whole_of_changed_clients(ref('fct_gl_currency_movements'), 'ledgers_gl_entries') }} as movement
)

select client_id, min(entity_code) as entity_code
from entities
group by client_id
having count(*) = 1
