"""Quayside Supplies: a wholesaler in Hull whose business comes as EDIFACT: ORDERS, DESADV, IFTSTA, INVOIC and CONTRL,
each partner writing it in its own way. `quayside_faults.FAULTS` says what is wrong on purpose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from tests.samples.common import Folder
from tests.samples.edifact_writer import Segments, Style, date, interchange, message, party
from tests.samples.quayside_faults import broken_files, plant
from tests.samples.quayside_world import (
    CARRIER,
    CUSTOMERS,
    OWN,
    PRODUCTS,
    SUPPLIERS,
    Event,
    Invoice,
    Order,
    Shipment,
    world_of,
)  # fmt: skip

EVENING = datetime(2026, 11, 9, 18, 30)
SHOPS = Style()
CHAIN = Style("*", "|", "\\", "~", between="\r\n", syntax="UNOY:4", encoding="utf-8")
OWN_STYLE = Style(between="", syntax="UNOC:3")
HAULIER = Style(advice=False, between="\r\n", syntax="UNOA:2", encoding="ascii")
"""How each writes: a chain of shops with signs of its own, we on one line, the carrier without advice."""


def write(folder: Folder) -> None:
    """All files of the client."""
    world = world_of(folder.seed)
    plant(world)
    half = len(world.orders) // 2
    first = [order_message(SHOPS, n, order) for n, order in enumerate(world.orders[:half], 1)]
    second = [order_message(CHAIN, n, order) for n, order in enumerate(world.orders[half:], 1)]
    first[4].insert(-1, SHOPS.segment("XYZ", "PLANTED"))
    first[4][-1] = first[4][-1].replace(f"+{len(first[4]) - 1}+", f"+{len(first[4])}+")
    put(folder, "orders/orders_20261109_1.edi", first, "5012345000015", "51", SHOPS)
    put(folder, "orders/orders_20261109_2.edi", second, "4012345000047", "0807", CHAIN)
    sent = [despatch_message(OWN_STYLE, n, shipment) for n, shipment in enumerate(world.shipments, 1)]
    put(folder, "despatch/desadv_20261109.edi", sent, OWN, "1204", OWN_STYLE)
    folder.write_table("despatch/vans_20261109.csv", van_list(world.runs), delimiter=",")
    told = [status_message(HAULIER, n, events) for n, events in enumerate(by_shipment(world.events), 1)]
    put(folder, "carriers/iftsta_20261109.edi", told, CARRIER, "99", HAULIER)
    for supplier in SUPPLIERS:
        bills = [i for i in world.invoices if i.supplier == supplier]
        found = [invoice_message(SHOPS, n, invoice) for n, invoice in enumerate(bills, 1)]
        put(folder, f"suppliers/invoic_20261109_{supplier[:4]}.edi", found, supplier, f"S{supplier[:4]}", SHOPS)
    answers = [answer_message(n, sent_as, code) for n, (sent_as, code) in enumerate((("1201", "7"), ("1202", "4")), 1)]
    put(folder, "answers/contrl_20261109.edi", answers, "5712345000038", "17", SHOPS)
    trial = [order_message(SHOPS, 1, world.orders[0])]
    test = interchange(trial, sender="5012345000015", receiver=OWN, number="T1", at=EVENING, is_test=True)
    folder.write("answers/contrl_20261109_trial.edi", test, minute=5)
    for name, content, minute in broken_files(order_message(SHOPS, 1, world.orders[1]), OWN, EVENING):
        folder.write(name, content, minute=minute)


def put(folder: Folder, name: str, messages: list[list[str]], sender: str, number: str, style: Style) -> None:
    """Write an interchange."""
    content = interchange(messages, sender=sender, receiver=OWN, number=number, at=EVENING, style=style)
    folder.write(name, content)


def order_message(style: Style, number: int, order: Order) -> list[str]:
    """ORDERS: by product, with the number and the price of the customer."""
    name, place = CUSTOMERS[order.customer]
    segments: Segments = [
        ("BGM", "220", order.number, "9"),
        date(order.day.isoformat(), "137"),
        date(order.wanted.isoformat(), "2"),
        party("BY", order.customer, name),
        party("SU", OWN),
        party("DP", order.customer, name, country=place[:2]),
        ("LOC", "7", (place, "", "6")),
        ("CUX", ("2", "GBP", "9")),
    ]
    for n, line in enumerate(order.lines, 1):
        own, text, price, unit = PRODUCTS[line.ean]
        segments += [
            ("LIN", str(n), "", (line.ean, "EN")),
            ("PIA", "1", (own, "SA")),
            ("IMD", "F", "", ("", "", "", text)),
            ("QTY", ("21", plain(line.quantity), unit)),
            ("MOA", ("203", f"{line.amount}")),
            ("PRI", ("AAA", price)),
        ]
    segments += [("UNS", "S"), ("CNT", ("2", str(len(order.lines))))]
    return message(style, str(number), "ORDERS:D:96A:UN:EAN008", segments)


def plain(quantity: Decimal) -> str:
    """A quantity as partners write it: with a comma."""
    return f"{quantity.normalize():f}".replace(".", ",")


def despatch_message(style: Style, number: int, shipment: Shipment) -> list[str]:
    """DESADV: a pallet with the lines on it."""
    place = CUSTOMERS[shipment.order.customer][1]
    weight = sum((line.quantity for line in shipment.lines), Decimal(0)) * 2
    segments: Segments = [
        ("BGM", "351", shipment.number, "9"),
        date(shipment.sent.isoformat(), "137"),
        date(shipment.sent.isoformat(), "11"),
        date(shipment.due.isoformat(), "17"),
        ("MEA", "PD", "AAD", ("KGM", plain(weight))),
        ("RFF", ("ON", shipment.order.number)),
        party("BY", shipment.order.customer),
        party("SU", OWN, "Quayside Supplies Ltd"),
        party("DP", shipment.order.customer),
        party("CA", CARRIER),
        ("TDT", "20", "", "30", "31"),
        ("LOC", "5", ("GBHUL", "", "6")),
        ("LOC", "7", (place, "", "6")),
        ("CPS", "1"),
        ("PAC", "1", "", ("201", "", "9")),
        ("PCI", "33E"),
        ("GIN", "BJ", f"35012345{number:010}"),
    ]
    for n, line in enumerate(shipment.lines, 1):
        own, text, _, unit = PRODUCTS[line.ean]
        segments += [
            ("LIN", str(n), "", (line.ean, "EN")),
            ("PIA", "1", (own, "SA")),
            ("IMD", "F", "", ("", "", "", text)),
            ("QTY", ("12", plain(line.quantity), unit)),
            ("RFF", ("ON", shipment.order.number, str(n))),
        ]
    return message(style, str(number), "DESADV:D:96A:UN:EAN005", segments)


def van_list(runs: Iterable[Shipment]) -> Iterator[Sequence[str]]:
    """What left by own van, as the yard writes it."""
    yield "Run", "Order", "Line", "Item", "Left", "Quantity", "Unit"
    signs = {"C62": "EA", "PCE": "EA", "LTR": "L", "MTR": "M", "KGM": "KG"}
    for run in runs:
        for n, line in enumerate(run.lines, 1):
            own, _, _, unit = PRODUCTS[line.ean]
            yield run.number, run.order.number, str(n), own, f"{run.sent:%d/%m/%Y}", f"{line.quantity}", signs[unit]


def by_shipment(events: Iterable[Event]) -> list[list[Event]]:
    """Events of each shipment, in the order they are told."""
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault(event.shipment, []).append(event)
    return list(found.values())


def status_message(style: Style, number: int, events: list[Event]) -> list[str]:
    """IFTSTA: the events of one consignment."""
    segments: Segments = [
        ("BGM", "77", f"ST{number}", "9"),
        date(EVENING.date().isoformat(), "137"),
        party("CA", CARRIER),
        ("CNI", "1", events[0].shipment),
    ]
    for event in events:
        segments += [
            ("STS", "1", event.code),
            ("DTM", ("334", f"{event.at:%Y%m%d%H%M}", "203")),
            ("LOC", "175", (event.place, "", "6")),
        ]
    return message(style, str(number), "IFTSTA:D:96A:UN", segments)


def invoice_message(style: Style, number: int, invoice: Invoice) -> list[str]:
    """INVOIC: lines, a charge for freight, one rate."""
    segments: Segments = [
        ("BGM", "381" if invoice.is_credit else "380", invoice.number, "9"),
        date(invoice.day.isoformat(), "137"),
        party("SU", invoice.supplier, SUPPLIERS[invoice.supplier]),
        party("BY", OWN, "Quayside Supplies Ltd"),
        ("CUX", ("2", "GBP", "4")),
        ("PAT", "1", "", ("5", "3", "D", "30")),
    ]
    if invoice.freight:
        segments += [("ALC", "C", "", "", "", ("FC", "", "", "Freight")), ("MOA", ("23", f"{invoice.freight}"))]
        segments += [("TAX", "7", "VAT", "", "", ("", "", "", "20"), "S")]
    for n, line in enumerate(invoice.lines, 1):
        _, text, price, unit = PRODUCTS[line.ean]
        segments += [
            ("LIN", str(n), "", (line.ean, "EN")),
            ("IMD", "F", "", ("", "", "", text)),
            ("QTY", ("47", plain(line.quantity), unit)),
            ("MOA", ("203", f"{line.amount - (invoice.lost if n == 1 else 0)}")),
            ("PRI", ("AAA", price)),
            ("TAX", "7", "VAT", "", "", ("", "", "", "20"), "S"),
        ]
    segments += [
        ("UNS", "S"),
        ("CNT", ("2", str(len(invoice.lines)))),
        ("MOA", ("79", f"{invoice.net - invoice.freight}")),
        ("MOA", ("77", f"{invoice.net + invoice.tax + invoice.off}")),
        ("MOA", ("124", f"{invoice.tax}")),
        ("MOA", ("125", f"{invoice.net}")),
        ("TAX", "7", "VAT", "", "", ("", "", "", "20"), "S"),
        ("MOA", ("125", f"{invoice.net}")),
        ("MOA", ("124", f"{invoice.tax}")),
    ]
    return message(style, str(number), "INVOIC:D:96A:UN:EAN008", segments)


def answer_message(number: int, sent_as: str, code: str) -> list[str]:
    """CONTRL: what a partner made of an interchange of ours."""
    segments: Segments = [("UCI", sent_as, (OWN, "14"), ("5712345000038", "14"), code, "18" if code == "4" else "")]
    return message(SHOPS, str(number), "CONTRL:D:3:UN", segments)
