-- Every document in core stands in the report, and no other.
with core as (
    select client_id, count(distinct (_source, document_id)) as documents
    from {{ source('core', 'people_documents') }}
    where {{ known_at_cut_off() }}
    group by client_id
),

mart as (
    select client_id, count(*) as documents
    from {{ whole(ref('rpt_document_expiry')) }} as whole
    group by client_id
)

select client_id, core.documents, mart.documents as mart_documents
from core
full join mart using (client_id)
where core.documents is distinct from mart.documents
