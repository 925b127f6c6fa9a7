"""What is wrong in Bayport's messages on purpose, and which rule must say so."""

from __future__ import annotations

from tests.samples.common import Fault

FAULTS = (
    Fault("nothing ordered", "shipments.order_lines", "SKU-901", "quantity_positive"),
    Fault("unit nobody knows", "shipments.order_lines", "SKU-902", "unit_known"),
    Fault("asked for before it was ordered", "shipments.orders", "X-EARLY", "requested_not_before_order"),
    Fault("shipped for an order that is not there", "shipments.shipments", "X-GHOST", "order_exists"),
    Fault("item below no level of the hierarchy", "shipments.shipments", "SKU-903", "malformed_record"),
    Fault("departed once it was delivered", "shipments.shipment_events", "SH-PO-0079", "steps_in_order"),
    Fault("event of a shipment that nobody announced", "shipments.shipment_events", "X-LOST", "shipment_exists"),
    Fault("total of the invoice is not what its lines make", "ledgers.payables", "X-TOTAL", "message_is_sound",
          also=("net_and_tax_give_gross",)),
    Fault("announced by both warehouses", "shipments.shipments", "SH-TWICE", "not_announced_twice"),
    Fault("invoice that takes one back", "ledgers.payables", "X-BACK", "message_is_sound"),
    Fault("lines of it", "ledgers.invoice_lines", "X-BACK", "message_is_sound"),
    Fault("that invoice among the messages", "shipments.interchanges", "X-BACK", "nothing_taken_back", effect="warn"),
    Fault("lines of that invoice", "ledgers.invoice_lines", "X-TOTAL", "message_is_sound"),
    Fault("segment that no release has", "shipments.interchanges", "X-STRANGE", "segments_known", effect="warn"),
    Fault("partner did not take it", "shipments.interchanges", "997", "not_rejected", effect="warn"),
    Fault("sent as a test", "shipments.interchanges", "000000900", "no_test", effect="warn"),
)  # fmt: skip
HELD = "in/orders_9_count.edi"
"""Its trailer counts a segment more than came: `said(segments)` differs, and whatever is read from it is held."""
CUT_OFF = "in/salem_9_cut.edi"
"""It ends inside an interchange: refused."""
