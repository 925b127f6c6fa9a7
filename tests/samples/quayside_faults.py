"""What is wrong in Quayside's messages on purpose, and which rule must say so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from tests.samples.common import Fault
from tests.samples.edifact_writer import interchange
from tests.samples.quayside_world import Event, Invoice, Line, Order, Shipment, World

_ORDER, _LINE, _SENT = "shipments.orders", "shipments.order_lines", "shipments.shipments"
_EVENT, _EDI = "shipments.shipment_events", "shipments.interchanges"
_BILL, _BILLED, _TAX = "ledgers.payables", "ledgers.invoice_lines", "ledgers.invoice_taxes"

FAULTS = (
    Fault("wanted before it was ordered", _ORDER, "X-EARLY", "requested_not_before_order"),
    Fault("nothing ordered", _LINE, "X-NONE", "quantity_positive"),
    Fault("sent for an order that nobody placed", _SENT, "X-STRAY", "order_exists"),
    Fault("more sent than ordered", _SENT, "X-MUCH", "shipped_within_ordered", "warn"),
    Fault("announced by message and by the yard's list", _SENT, "VAN-TWICE", "not_announced_twice"),
    Fault("event of a shipment that nobody sent", _EVENT, "X-LOST", "shipment_exists"),
    Fault("event that no list has", _EVENT, "X-CODE", "unknown_code.event_code"),
    Fault("departed once delivered", _EVENT, "X-BACK", "steps_in_order"),
    Fault("gross that net and tax do not give", _BILL, "X-GROSS", "net_and_tax_give_gross"),
    Fault("line that lost a pound", _BILLED, "X-POUND", "lines_give_net_of_invoice", also=("message_is_sound",)),
    Fault("head whose lines lost a pound", _BILL, "X-POUND", "message_is_sound"),
    Fault("tax that its rate does not give", _TAX, "X-RATE", "rate_gives_tax", also=("message_is_sound",)),
    Fault("head whose tax is not that of its rate", _BILL, "X-RATE", "message_is_sound"),
    Fault("segment that orders do not have", _EDI, "PO-7004", "segments_known", "warn"),
    Fault("partner that rejects what was sent", _EDI, "1202", "not_rejected", "warn"),
    Fault("test among business", _EDI, "T1", "no_test", "warn"),
)

BROKEN = {
    "orders/orders_20261109_cut.edi": ("failed", "truncated"),
    "orders/orders_20261109_wrongcount.edi": ("held", "said(segments)"),
    "suppliers/invoic_20261109_swapped.edi": ("held", "said(references)"),
}
"""File → state in which its deliveries end, and what says so. Held ones come last, or others would wait for them."""


def plant(world: World) -> None:
    """Put the errors among what is in order."""
    good = world.orders[0]
    world.orders += [
        replace(good, number="X-EARLY", wanted=good.day - timedelta(days=1)),
        replace(good, number="X-NONE", lines=(Line(good.lines[0].ean, Decimal(0)),)),
        replace(good, number="X-FEW", lines=(Line(good.lines[0].ean, Decimal(2)),)),
    ]
    sent = world.shipments[0]
    few = world.orders[-1]
    world.shipments += [
        Shipment("X-STRAY", replace(good, number="PO-0"), sent.sent, sent.due, sent.lines),
        Shipment("X-MUCH", few, sent.sent, sent.due, (Line(few.lines[0].ean, Decimal(9)),)),
        *(Shipment(name, _order(world, name), sent.sent, sent.due, sent.lines) for name in ("X-CODE", "X-BACK")),
    ]
    world.runs.append(replace(world.shipments[1], number="VAN-TWICE", lines=world.shipments[1].lines[:1]))
    at = world.events[0].at
    world.events += [
        Event("X-LOST", "13", at, "GBHUL"),
        Event("X-CODE", "ZZ9", at, "GBHUL"),
        Event("X-BACK", "21", at, "GBHUL"),
        Event("X-BACK", "24", at + timedelta(hours=2), "GBHUL"),
    ]
    bill = next(i for i in world.invoices if not i.freight and not i.is_credit)
    other = next(i for i in world.invoices if i.supplier != bill.supplier)
    line = (Line(bill.lines[0].ean, Decimal(10)),)
    world.invoices += [
        Invoice("X-GROSS", bill.supplier, bill.day, line, off=Decimal(5)),
        Invoice("X-POUND", bill.supplier, bill.day, line, lost=Decimal(1)),
        Invoice("X-RATE", other.supplier, bill.day, line, tax_off=Decimal(5)),
    ]


def _order(world: World, name: str) -> Order:
    """An order of its own for a shipment whose events are wrong."""
    order = replace(world.orders[0], number=f"PO-{name[2:]}")
    world.orders.append(order)
    return order


def broken_files(order: Sequence[str], receiver: str, at: datetime) -> Iterator[tuple[str, bytes, int]]:
    """Files whose envelope is not whole: name, content and minute of arrival."""
    cut, counted, swapped = BROKEN
    whole = interchange([order], sender="5012345000015", receiver=receiver, number="61", at=at)
    yield cut, whole[: len(whole) * 2 // 3], 20
    short = [*order[:-2], order[-1]]
    yield counted, interchange([short], sender="5012345000015", receiver=receiver, number="62", at=at), 40
    body = [
        "UNH+1+INVOIC:D:96A:UN:EAN008'", "BGM+380+X-SWAP+9'", "DTM+137:20261101:102'", "NAD+SU+5012345900011::9'",
        "NAD+BY+5012345000008::9'", "CUX+2:GBP:4'", "LIN+1++5012345670019:EN'", "QTY+47:1'", "MOA+203:100'",
        "TAX+7+VAT+++:::20+S'", "UNS+S'", "MOA+77:120'", "MOA+124:20'", "MOA+125:100'", "TAX+7+VAT+++:::20+S'",
        "MOA+125:100'", "MOA+124:20'", "UNT+18+2'",
    ]  # fmt: skip
    yield swapped, interchange([body], sender="5012345900011", receiver=receiver, number="S9", at=at), 40
