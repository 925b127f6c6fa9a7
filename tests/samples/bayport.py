"""Bayport Supply: a month of a distributor that exchanges X12 with customers, suppliers, warehouses and a carrier.

Every order is shipped in full three days later, from one of two warehouses, and delivered two days after that; every
purchase order is confirmed and invoiced as it was ordered. Partners are companies by number, products are numbers.
`bayport_faults.FAULTS` says what is wrong on purpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from tests.samples.bayport_faults import CUT_OFF, HELD
from tests.samples.common import Folder, money
from tests.samples.x12_writer import Marks, Segments, Writer

US = "BAYPORT"
CUSTOMERS, SUPPLIERS = ("HARBORMART", "CEDARSTORE", "PINECLUB"), ("IRONWORKS", "GLASSCO", "PAPERMILL", "PLASTICS")
TOWNS = (("Salem", "OR", "97301"), ("Tacoma", "WA", "98402"), ("Reno", "NV", "89501"))
BARS = Marks(element="|", component="^", segment="\n", after="", repetition="U")
"""How the warehouse of Portland writes: a segment in each line."""
ONE_LINE = Marks(after="")
FREIGHT = Decimal("12.50")
"""What suppliers charge for freight on every invoice."""


@dataclass(frozen=True)
class Line:
    """One line of an order."""

    product: str
    quantity: int
    price: Decimal
    unit: str = "EA"

    @property
    def amount(self) -> Decimal:
        """Its value."""
        return self.quantity * self.price


@dataclass(frozen=True)
class Order:
    """An order of a customer, or to a supplier."""

    number: str
    partner: int
    day: date
    lines: tuple[Line, ...]
    wanted: date

    @property
    def leaves(self) -> date:
        """The day on which it is shipped, or invoiced."""
        return self.day + timedelta(days=3)


def orders_of(folder: Folder, prefix: str, count: int, partners: int) -> list[Order]:
    """Orders of a month."""
    rng = folder.rng(prefix)
    out = []
    for n in range(1, count + 1):
        day = date(2026, 10, 1) + timedelta(days=n % 20)
        lines = tuple(
            Line(
                f"SKU-{rng.randrange(1, 60):03}",
                rng.randrange(1, 40),
                money(rng, 2, 90),
                rng.choice(("EA", "CA", "DZ")),
            )
            for _ in range(rng.randrange(1, 6))
        )
        out.append(Order(f"{prefix}-{n:04}", n % partners, day, lines, day + timedelta(days=7)))
    return out


def write(folder: Folder) -> None:
    """All files of the client."""
    sold, bought = orders_of(folder, "PO", 80, len(CUSTOMERS)), orders_of(folder, "BP", 60, len(SUPPLIERS))
    planted = [
        Order("X-NONE", 0, date(2026, 10, 6), (Line("SKU-901", 0, Decimal(3)),), date(2026, 10, 13)),
        Order("X-UNIT", 0, date(2026, 10, 6), (Line("SKU-902", 4, Decimal(3), "ZQ"),), date(2026, 10, 13)),
    ]
    sent = [order_message(o, CUSTOMERS[o.partner], US) for o in [*sold, *planted]]
    sent.append(strange(sold[0]))
    sent.append(early())
    for n, at in enumerate(range(0, len(sent), 30), 1):
        put(folder, f"in/orders_{n}.edi", CUSTOMERS[0], n, sent[at : at + 30], marks=ONE_LINE)
    put(folder, "out/purchase_orders_1.edi", US, 200, [order_message(o, US, SUPPLIERS[o.partner]) for o in bought])
    put(folder, "in/confirmations_1.edi", SUPPLIERS[0], 300, [confirmation(o) for o in bought])
    salem = [advice(o) for o in sold[::2]]
    salem += [advice(ghost(sold[0])), advice(sold[1], number="SH-TWICE")]
    put(folder, "in/salem_1.edi", "SALEMWH", 400, salem, marks=Marks(after="\r\n"))
    notices = [notice(o, spoiled=o is sold[-1]) for o in sold[1::2]]
    put(folder, "in/portland_1.x12", "PORTLANDWH", 500, notices, marks=BARS)
    events = [status(o, late=o is sold[78]) for o in sold]
    put(folder, "in/carrier_1.edi", "TRUCKCO", 600, [*events, status(ghost(sold[0], "X-LOST"))])
    invoices = [invoice(o) for o in bought] + [invoice(ghost(bought[0], "X-TOTAL"), off=1), credit(bought[1])]
    invoices.append(invoice(ghost(bought[2], "X-BACK"), purpose="01"))
    put(folder, "in/invoices_1.edi", SUPPLIERS[0], 700, invoices)
    put(folder, "in/answers_1.edi", CUSTOMERS[1], 800, [answer(1, "A"), answer(2, "R")])
    writer = Writer(CUSTOMERS[2], US, moment(), is_test=True)
    folder.write("in/answers_2.edi", writer.interchange(900, [answer(3, "A")]).text().encode())
    spoil(folder, sold)


def write_again(folder: Folder) -> None:
    """A file of the next night: the notices of the first one as duplicates, but one that is taken back, and one more
    under a new number."""
    sold = orders_of(folder, "PO", 80, len(CUSTOMERS))
    again = [for_what("01" if o is sold[3] else "07", notice(o)) for o in sold[1::2] if o is not sold[5]]
    again.append(notice(sold[5], number="SH-AGAIN"))
    put(folder, "in/portland_2.x12", "PORTLANDWH", 501, again, marks=BARS)


def for_what(code: str, message: tuple[str, Segments]) -> tuple[str, Segments]:
    """The notice with another purpose: 07 a duplicate, 01 one that takes it back."""
    kind, ((tag, _, *begin), *rest) = message
    return kind, [[tag, code, *begin], *rest]


def put(folder: Folder, rel: str, sender: str, number: int, sets: Sequence[tuple[str, Segments]], *,
        marks: Marks | None = None) -> None:  # fmt: skip
    """A file of one interchange."""
    receiver = SUPPLIERS[0] if sender == US else US
    folder.write(rel, Writer(sender, receiver, moment(), marks or Marks()).interchange(number, sets).text().encode())


def spoil(folder: Folder, sold: Sequence[Order]) -> None:
    """The file whose trailer counts wrong, and the one that was cut off on its way."""
    order = ghost(sold[3], "X-HELD")
    text = Writer(CUSTOMERS[0], US, moment()).interchange(98, [order_message(order, CUSTOMERS[0], US)]).text()
    said = text.split("\nSE*")[1].split("*")[0]
    folder.write(HELD, text.replace(f"\nSE*{said}*", f"\nSE*{int(said) + 1}*").encode(), minute=5)
    text = Writer("SALEMWH", US, moment()).interchange(99, [advice(sold[5])]).text()
    folder.write(CUT_OFF, text[: text.index("W03")].encode(), minute=6)


def moment() -> datetime:
    """When interchanges are prepared."""
    return datetime(2026, 11, 9, 13, 5, tzinfo=UTC)


def ymd(day: date) -> str:
    """A day as X12 writes it."""
    return f"{day:%Y%m%d}"


def ghost(order: Order, number: str = "X-GHOST") -> Order:
    """The same under a number that nobody ordered."""
    return Order(number, order.partner, order.day, order.lines[:1], order.wanted)


def ship_to(order: Order) -> list[list[str]]:
    """The party that goods go to."""
    town, state, postal = TOWNS[order.partner % len(TOWNS)]
    place = [["N3", f"{order.partner + 1} Dock Road"], ["N4", town, state, postal]]
    return [["N1", "ST", f"Store {order.partner + 1}", "92", f"ST{order.partner + 1}"], *place]


def order_message(order: Order, buyer: str, seller: str) -> tuple[str, Segments]:
    """850."""
    out = [["BEG", "00", "NE", order.number, "", ymd(order.day)], ["CUR", "BY", "USD"]]
    out += [["DTM", "002", ymd(order.wanted)], ["TD5", "", "2", "TRCK", "M"], ["N1", "BY", buyer.title(), "92", buyer]]
    out += [["N1", "SE", seller.title(), "92", seller], *ship_to(order)]
    for n, line in enumerate(order.lines, 1):
        out.append(["PO1", str(n), str(line.quantity), line.unit, str(line.price), "PE", "VN", line.product])
        out.append(["PID", "F", "", "", "", f"Item {line.product}"])
    total = sum(line.amount for line in order.lines)
    return "850", [*out, ["CTT", str(len(order.lines))], ["AMT", "TT", str(total)]]


def early() -> tuple[str, Segments]:
    """An order for a day before it; it has no lines, so that nothing but its head is set aside."""
    return "850", [["BEG", "00", "NE", "X-EARLY", "", "20261012"], ["DTM", "002", "20261001"], *buyer()]


def strange(order: Order) -> tuple[str, Segments]:
    """An order with a segment that no release has."""
    kind, segments = order_message(ghost(order, "X-STRANGE"), CUSTOMERS[0], US)
    return kind, [*segments[:2], ["ZZQ", "1"], *segments[2:]]


def buyer() -> list[list[str]]:
    """The first customer."""
    return [["N1", "BY", CUSTOMERS[0].title(), "92", CUSTOMERS[0]]]


def confirmation(order: Order) -> tuple[str, Segments]:
    """855: all lines as ordered, promised for the day that was asked for."""
    out = [["BAK", "00", "AC", order.number, ymd(order.day)], ["N1", "SE", "", "92", SUPPLIERS[order.partner]]]
    for n, line in enumerate(order.lines, 1):
        out.append(["PO1", str(n), str(line.quantity), line.unit, str(line.price), "PE", "BP", line.product])
        out.append(["ACK", "IA", str(line.quantity), line.unit, "067", ymd(order.wanted)])
    return "855", [*out, ["CTT", str(len(order.lines)), str(sum(line.quantity for line in order.lines))]]


def shipment_id(order: Order) -> str:
    """The number of the shipment of an order."""
    return f"SH-{order.number}"


def advice(order: Order, *, number: str = "") -> tuple[str, Segments]:
    """945: the warehouse of Salem."""
    out = [
        ["W06", "F", order.number, ymd(order.leaves), number or shipment_id(order), "", order.number],
        *ship_to(order),
    ]
    out += [["G62", "11", ymd(order.leaves)], ["G62", "17", ymd(order.wanted)], ["W27", "M", "TRCK"]]
    for n, line in enumerate(order.lines, 1):
        out += [
            ["LX", str(n)],
            ["W12", "CC", str(line.quantity), str(line.quantity), "", line.unit, "", "VN", line.product],
        ]
        out += [["G69", f"Item {line.product}"], ["N9", "LI", str(n)]]
    return "945", [*out, ["W03", str(sum(line.quantity for line in order.lines)), "120", "LB"]]


def notice(order: Order, *, spoiled: bool = False, number: str = "") -> tuple[str, Segments]:
    """856: the warehouse of Portland, a pack for each item. `spoiled` adds an item below a level that is not there."""
    out = [["BSN", "00", number or shipment_id(order), ymd(order.leaves), "0930", "0001"], ["HL", "1", "", "S"]]
    out += [["TD1", "CTN25", str(len(order.lines)), "", "", "", "G", "85", "LB"], ["TD5", "", "2", "TRCK", "M"]]
    out += [["DTM", "011", ymd(order.leaves)], ["DTM", "017", ymd(order.wanted)], *ship_to(order)]
    out += [["HL", "2", "1", "O"], ["PRF", order.number, "", "", ymd(order.day)]]
    level = 2
    for n, line in enumerate(order.lines, 1):
        out += [["HL", str(level + 1), "2", "P"], ["MAN", "GM", f"0035{order.partner}{abs(hash_of(order)):011}{n:03}"]]
        out += [["HL", str(level + 2), str(level + 1), "I"], ["LIN", str(n), "VN", line.product]]
        out += [["SN1", "", str(line.quantity), line.unit], ["PID", "F", "", "", "", f"Item {line.product}"]]
        level += 2
    if spoiled:
        out += [["HL", str(level + 1), "77", "I"], ["LIN", "9", "VN", "SKU-903"], ["SN1", "", "1", "EA"]]
        level += 1
    return "856", [*out, ["CTT", str(level)]]


def hash_of(order: Order) -> int:
    """A number of an order, for the labels of its packs."""
    return int("".join(c for c in order.number if c.isdigit()) or 0)


def status(order: Order, *, late: bool = False) -> tuple[str, Segments]:
    """214: picked up, on its way, delivered; `late` tells of a departure once it was delivered."""
    steps = [("AF", order.leaves, time(8, 15)), ("X6", order.leaves + timedelta(days=1), time(6, 30)),
             ("D1", order.leaves + timedelta(days=2), time(10, 5))]  # fmt: skip
    out = [["B10", f"PRO{hash_of(order):05}", shipment_id(order), "TRCK"], *ship_to(order), ["LX", "1"]]
    for code, day, at in steps:
        out.append(["AT7", code, "NS", "", "", ymd(day), f"{at:%H%M}", "PT"])
        out.append(["MS1", "Portland", "OR", "US"])
    if late:
        out.append(["AT7", "P1", "NS", "", "", ymd(order.leaves + timedelta(days=3)), "0700", "PT"])
    return "214", [*out, ["L11", order.number, "PO"]]


def invoice(order: Order, *, off: int = 0, purpose: str = "") -> tuple[str, Segments]:
    """810: the goods and their freight; `off` cents too much in its total, `purpose` if it is no original."""
    freight = int(FREIGHT * 100)
    total = int(sum(line.amount for line in order.lines) * 100) + freight + off
    out = [*invoice_head(order, f"INV-{order.number}", purpose=purpose), *invoice_lines(order), ["TDS", str(total)]]
    return "810", [*out, ["SAC", "C", "D240", "", "", str(freight)], ["CTT", str(len(order.lines))]]


def credit(order: Order) -> tuple[str, Segments]:
    """810: a credit memo for all goods of an order."""
    total = int(sum(line.amount for line in order.lines) * 100)
    return "810", [*invoice_head(order, f"CR-{order.number}", "CR"), *invoice_lines(order), ["TDS", str(total)]]


def invoice_head(order: Order, number: str, kind: str = "", purpose: str = "") -> list[list[str]]:
    """Who invoices what, and when it is due."""
    day = ymd(order.leaves)
    out = [["BIG", day, number, ymd(order.day), order.number, "", "", kind, purpose]]
    supplier = SUPPLIERS[order.partner]
    return [*out, ["N1", "SE", supplier.title(), "92", supplier], ["ITD", "01", "3", "2", "", "10", "", "30"]]


def invoice_lines(order: Order) -> list[list[str]]:
    """Its lines."""
    return [
        ["IT1", str(n), str(line.quantity), line.unit, str(line.price), "PE", "BP", line.product]
        for n, line in enumerate(order.lines, 1)
    ]


def answer(number: int, code: str) -> tuple[str, Segments]:
    """997 to a ship notice."""
    return "997", [
        ["AK1", "SH", str(number)],
        ["AK2", "856", "0001"],
        ["AK5", code],
        ["AK9", code, "1", "1", str(int(code == "A"))],
    ]
