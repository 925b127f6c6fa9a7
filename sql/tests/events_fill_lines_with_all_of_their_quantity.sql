-- What a shipment line fills of the lines of its order adds up to the line, where its quantity is known.
select client_id, line.source, line.shipment_line_id, line.quantity, filled.quantity as filled_quantity
from (
    select client_id, event_source as source, event_id as shipment_line_id, sum(quantity) as quantity
    from {{ ref('int_fulfilment_events') }}
    where event_kind_code = 'shipment'
    group by client_id, event_source, event_id
    having count(quantity) = count(*)
) as filled
join {{ ref('int_shipment_lines') }} as line using (client_id, source, shipment_line_id)
where line.quantity is distinct from filled.quantity
