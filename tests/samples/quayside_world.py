"""What Quayside trades: orders of customers, what leaves for them, what carriers tell of it, invoices of suppliers."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from tests.samples.common import CENT, share

CUSTOMERS = {
    "5012345000015": ("Hull & Humber Stores", "GBHUL"),
    "5012345000022": ("O'Rourke: Ropes + Chains", "IEDUB"),
    "5712345000038": ("Søndergård Købmænd", "DKAAR"),
    "4012345000047": ("Küstenbedarf Brandt + Co. KG", "DEHAM"),
    "3012345000056": ("Qui vend quoi ? SARL", "FRLEH"),
}
"""Companies that nobody has; their names hold what EDIFACT must release."""
SUPPLIERS = {
    "5012345900011": "Tyne Cordage Ltd",
    "8712345900028": "Zeeland Verf BV",
    "4012345900037": "Weser Beschläge",
}
PRODUCTS = {
    "5012345670019": ("Q-100", "Mooring line 24 mm", "18.40", "C62"),
    "5012345670026": ("Q-110", "Shackle, galvanised", "4.25", "C62"),
    "5012345670033": ("Q-200", "Deck paint, grey", "36.00", "LTR"),
    "5012345670040": ("Q-210", "Antifouling", "62.50", "LTR"),
    "5012345670057": ("Q-300", "Chain 10 mm", "7.80", "MTR"),
    "5012345670064": ("Q-400", "Grease", "9.15", "KGM"),
    "5012345670071": ("Q-500", "Fender 60 cm", "41.00", "PCE"),
    "5012345670088": ("Q-510", "Life buoy", "33.20", "PCE"),
}
OWN = "5012345000008"
CARRIER = "5012345800014"


@dataclass(frozen=True)
class Line:
    """A line of an order, of what is sent, or of an invoice."""

    ean: str
    quantity: Decimal

    @property
    def price(self) -> Decimal:
        return Decimal(PRODUCTS[self.ean][2])

    @property
    def amount(self) -> Decimal:
        return (self.price * self.quantity).quantize(CENT)


@dataclass(frozen=True)
class Order:
    """An order of a customer."""

    number: str
    customer: str
    day: date
    wanted: date
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Shipment:
    """What leaves for an order."""

    number: str
    order: Order
    sent: date
    due: date
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Event:
    """What a carrier tells."""

    shipment: str
    code: str
    at: datetime
    place: str


@dataclass(frozen=True)
class Invoice:
    """An invoice or credit note of a supplier. `freight` is a charge; `off` is added to its gross amount."""

    number: str
    supplier: str
    day: date
    lines: tuple[Line, ...]
    freight: Decimal = Decimal(0)
    is_credit: bool = False
    off: Decimal = Decimal(0)
    lost: Decimal = Decimal(0)
    tax_off: Decimal = Decimal(0)

    @property
    def net(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0)) + self.freight

    @property
    def tax(self) -> Decimal:
        return share(self.net, "20") + self.tax_off


@dataclass
class World:
    """Everything of one night; `runs` are shipments by own van, which no message announces."""

    orders: list[Order] = field(default_factory=list)
    shipments: list[Shipment] = field(default_factory=list)
    runs: list[Shipment] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)


def world_of(seed: int) -> World:
    """The night without errors: forty orders, most of them sent, the first of those delivered."""
    rng = random.Random(f"{seed}/quayside")
    world = World()
    for n in range(40):
        day = date(2026, 11, 2) + timedelta(days=n % 3)
        order = Order(f"PO-{7000 + n}", rng.choice([*CUSTOMERS]), day, day + timedelta(days=9), _lines(rng))
        world.orders.append(order)
        if n % 10 == 4:
            world.runs.append(Shipment(f"VAN-{n:03}", order, day + timedelta(days=1), order.wanted, order.lines))
        if n % 5 == 4:
            continue
        sent = day + timedelta(days=2)
        lines = tuple(replace(line, quantity=line.quantity - (n % 7 == 3)) for line in order.lines)
        shipment = Shipment(f"DES-{3000 + n}", order, sent, order.wanted, lines)
        world.shipments.append(shipment)
        world.events += _events(shipment)
    for n in range(24):
        freight = Decimal("25.00") if n % 4 == 1 else Decimal(0)
        day = date(2026, 10, 26) + timedelta(days=n % 10)
        supplier = list(SUPPLIERS)[n % 3]
        world.invoices.append(Invoice(f"INV-{n + 1:03}", supplier, day, _lines(rng), freight, n % 9 == 8))
    return world


def _lines(rng: random.Random) -> tuple[Line, ...]:
    chosen = rng.sample([*PRODUCTS], rng.randint(1, 4))
    return tuple(Line(ean, Decimal(rng.randint(2, 60))) for ean in sorted(chosen))


def _events(shipment: Shipment) -> list[Event]:
    """Collected, on the way, at its place; delivered where it left early enough."""
    start = datetime.combine(shipment.sent, datetime.min.time())
    place = CUSTOMERS[shipment.order.customer][1]
    found = [
        Event(shipment.number, "13", start + timedelta(hours=9), "GBHUL"),
        Event(shipment.number, "24", start + timedelta(hours=14), "GBHUL"),
        Event(shipment.number, "1", start + timedelta(days=1, hours=7), place),
        Event(shipment.number, "21", start + timedelta(days=2, hours=10), place),
    ]
    return found[: 4 if shipment.sent < date(2026, 11, 6) else 3]
