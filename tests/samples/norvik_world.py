"""Twelve months of Norvik's warehouse, day by day: what was shipped, ordered anew, received, moved, counted, returned.

Goods arrive in Oslo; Bergen is filled up from there on Thursdays and serves the north and the isles. What an order
needs and its warehouse lacks is moved over on the day; what both lack is shipped later, or cancelled. Of a few products
Bergen may ship what is booked over only on Thursday. Everything holds by construction: on hand is what was moved,
nothing is shipped that is not there, and of each purchase order no more arrives than was ordered and 5 % on top.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from functools import lru_cache

from tests.samples.norvik_base import (
    EUROPE,
    FIRST,
    LAST,
    OPENING,
    ZERO,
    Order,
    OrderLine,
    Product,
    cents,
    orders,
    products,
    suppliers,
)

D = Decimal
OSLO, BERGEN = "OSL", "BGO"
NORTH = frozenset(["DK", "FI", "GB", "IE", "NO", "SE"])
"""Served from Bergen."""
COUNTED = (date(2026, 1, 31), date(2026, 4, 30), date(2026, 7, 31), LAST)
Key = tuple[str, str]


@dataclass(frozen=True)
class Movement:
    """What came in or left, in base units; cost of a base unit of what came in."""

    day: date
    place: str
    product: Product
    kind: str
    quantity: Decimal
    cost: Decimal | None
    document: str
    number: str = ""


@dataclass
class BoughtLine:
    """A line of a purchase order, in the unit it is bought in."""

    number: int
    product: Product
    unit: str
    per_unit: Decimal
    quantity: Decimal
    price: Decimal
    accepted: Decimal = ZERO
    closed: bool = False

    @property
    def amount(self) -> Decimal:
        """Net value."""
        return cents(self.quantity * self.price)


@dataclass
class Purchase:
    """An order at a supplier."""

    number: str
    supplier: str
    ordered: date
    promised: date
    lines: list[BoughtLine] = field(default_factory=list)

    @property
    def amount(self) -> Decimal:
        """Net value of all lines."""
        return sum((line.amount for line in self.lines), ZERO)


@dataclass(frozen=True)
class Received:
    """A line of a receipt, in the unit of the purchase order."""

    purchase: Purchase
    line: BoughtLine
    quantity: Decimal
    rejected: Decimal

    @property
    def accepted(self) -> Decimal:
        """What was put into stock."""
        return self.quantity - self.rejected


@dataclass
class Receipt:
    """What one lorry brought."""

    number: str
    day: date
    lines: list[Received]


@dataclass
class ShippedLine:
    """A line of a shipment, in units of sale, with what became of it."""

    line: OrderLine
    quantity: Decimal
    damaged: Decimal = ZERO
    refused: Decimal = ZERO

    @property
    def weight(self) -> Decimal:
        """Kilograms with package: 4 % on top of the goods."""
        product = self.line.product
        return (self.quantity * product.per_unit * product.weight * D("1.04")).quantize(D("0.001"), ROUND_HALF_UP)


@dataclass
class Shipment:
    """What left together for one order."""

    number: str
    order: Order
    place: str
    left: date
    arrives: date
    lines: list[ShippedLine]

    @property
    def weight(self) -> Decimal:
        """Kilograms of all lines."""
        return sum((line.weight for line in self.lines), ZERO)

    @property
    def delivered(self) -> date | None:
        """Day of delivery, if it has come."""
        return self.arrives if self.arrives <= LAST else None


@dataclass(frozen=True)
class Return:
    """A line that came back, in units of sale."""

    number: str
    shipment: Shipment
    line: OrderLine
    day: date
    quantity: Decimal
    reason: str
    what: str

    @property
    def refund(self) -> Decimal:
        """What was paid for it."""
        return cents(self.quantity * self.line.net_price)


@dataclass(frozen=True)
class Position:
    """Stock at the end of a day, base units; cost is the moving average of that day."""

    place: str
    product: Product
    day: date
    on_hand: Decimal
    reserved: Decimal
    cost: Decimal


@dataclass(frozen=True)
class Counted:
    """A counted position."""

    number: str
    line: int
    day: date
    place: str
    product: Product
    book: Decimal
    counted: Decimal
    cost: Decimal
    posted: bool


@dataclass
class World:
    """All that happened."""

    orders: list[Order]
    shipments: list[Shipment]
    returns: list[Return]
    purchases: list[Purchase]
    receipts: list[Receipt]
    movements: list[Movement]
    positions: list[Position]
    counts: list[Counted]
    values: dict[date, dict[str, Decimal]]
    """Moving average value per product at the end of each month."""


def days() -> Iterator[date]:
    """Each day of the year."""
    return (FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1))


def is_month_end(day: date) -> bool:
    """Whether the next day is the first of a month."""
    return (day + timedelta(days=1)).day == 1


def workday(day: date) -> date:
    """The day itself, or the Monday after a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)


@lru_cache(maxsize=2)
def world_of(seed: int) -> World:
    """The year of a seed."""
    return _Year(seed).run()


class _Year:
    def __init__(self, seed: int) -> None:
        self.rng = random.Random(f"{seed}/norvik/year")
        self.goods = [p for p in products() if p.number[0] == "V"]
        self.hand: dict[Key, Decimal] = defaultdict(lambda: ZERO)
        self.cost: dict[str, Decimal] = {p.number: cents(p.cost * D("0.97")) for p in self.goods}
        self.open: dict[str, Decimal] = defaultdict(lambda: ZERO)
        self.arriving: dict[date, list[Received]] = defaultdict(list)
        self.leaving: dict[date, list[tuple[Order, dict[int, Decimal]]]] = defaultdict(list)
        self.coming_back: dict[date, list[Return]] = defaultdict(list)
        self.found: dict[date, list[Movement]] = defaultdict(list)
        self.averages: dict[str, list[Decimal]] = {p.number: [ZERO, ZERO, ZERO] for p in self.goods}
        self.world = World(orders(), [], [], [], [], [], [], [], {})
        demand: dict[str, Decimal] = defaultdict(lambda: ZERO)
        for order in self.world.orders:
            for line in order.lines:
                demand[line.product.number] += line.quantity * line.product.per_unit
            if order.leaves and order.leaves <= LAST:
                self.leaving[order.leaves].append((order, {x.number: x.quantity for x in order.lines}))
        self.daily = {number: quantity / 365 for number, quantity in demand.items()}

    def run(self) -> World:
        for product in self.goods:
            per_day = self.daily.get(product.number, ZERO)
            cover = 200 if not product.active else 110 if product.number in ("V048", "V066") else 45
            quantity = (per_day * cover / 10 + 1).quantize(D(1), ROUND_CEILING) * 10
            for place, part in ((OSLO, quantity * D("0.7")), (BERGEN, quantity * D("0.3"))):
                self.book(OPENING, place, product, "opening", part.quantize(D(1)), "IB2025")
        self.close(OPENING)
        for day in days():
            self.receive(day)
            for back in self.coming_back.pop(day, []):
                product = back.line.product
                self.book(day, OSLO, product, "return_in", back.quantity * product.per_unit, back.number)
            for m in self.found.pop(day, []):
                self.book(day, m.place, m.product, m.kind, m.quantity, m.document)
            if day.weekday() == 3:
                self.fill_bergen(day)
            for order, wanted in self.leaving.pop(day, []):
                self.ship(day, order, wanted)
            if day.day == 10:
                self.scrap(day)
            if day.weekday() == 1:
                self.buy(day)
            if is_month_end(day):
                self.close(day)
        return self.world

    def book(self, day: date, place: str, product: Product, kind: str, quantity: Decimal, document: str,
             cost: Decimal | None = None) -> None:  # fmt: skip
        """A movement; what comes in without a price of its own has the last one."""
        if cost is not None:
            self.cost[product.number] = cost
        elif quantity > 0:
            cost = self.cost[product.number]
        self.hand[product.number, place] += quantity
        number = f"M{len(self.world.movements) + 1:06}"
        self.world.movements.append(
            Movement(day, place, product, kind, quantity, cost if quantity > 0 else None, document, number)
        )

    def total(self, product: Product) -> Decimal:
        return self.hand[product.number, OSLO] + self.hand[product.number, BERGEN]

    def receive(self, day: date) -> None:
        lines = self.arriving.pop(day, [])
        for supplier in sorted({x.purchase.supplier for x in lines}):
            mine = [x for x in lines if x.purchase.supplier == supplier]
            receipt = Receipt(f"VM{len(self.world.receipts) + 1:05}", day, mine)
            self.world.receipts.append(receipt)
            for x in mine:
                quantity = x.accepted * x.line.per_unit
                x.line.accepted += x.accepted
                self.open[x.line.product.number] -= x.quantity * x.line.per_unit
                if quantity:
                    cost = (x.line.price / x.line.per_unit).quantize(D("0.0001"))
                    self.book(day, OSLO, x.line.product, "receipt", quantity, receipt.number, cost)

    def fill_bergen(self, day: date) -> None:
        for product in self.goods:
            wanted = (self.total(product) * D("0.3")).quantize(D(1))
            missing = min(wanted - self.hand[product.number, BERGEN], self.hand[product.number, OSLO])
            if missing > 0 and (missing >= wanted / 3 or self.hand[product.number, BERGEN] < 0):
                self.move_over(day, product, OSLO, BERGEN, missing.quantize(D(1), ROUND_CEILING))

    def move_over(self, day: date, product: Product, source: str, target: str, quantity: Decimal) -> None:
        document = f"OF{len(self.world.movements) + 1:06}"
        self.book(day, source, product, "transfer_out", -quantity, document)
        self.book(day, target, product, "transfer_in", quantity, document)

    def ship(self, day: date, order: Order, wanted: dict[int, Decimal]) -> None:
        place = BERGEN if order.country in NORTH else OSLO
        other = OSLO if place == BERGEN else BERGEN
        number = f"F{len(self.world.shipments) + 1:06}"
        shipped, later = [], {}
        for line in order.lines:
            product, asked = line.product, wanted.get(line.number, ZERO)
            if not asked:
                continue
            there = max(self.total(product), ZERO) // product.per_unit
            quantity = min(asked, there)
            if quantity:
                units = quantity * product.per_unit
                lacking = units - max(self.hand[product.number, place], ZERO)
                if lacking > 0 and not (product.may_be_negative and place == BERGEN):
                    self.move_over(day, product, other, place, lacking)
                self.book(day, place, product, "issue", -units, number)
                line.shipped += quantity
                shipped.append(ShippedLine(line, quantity))
            if rest := asked - quantity:
                if product.active:
                    later[line.number] = rest
                else:
                    line.cancelled += rest
        if shipped:
            self.send(Shipment(number, order, place, day, self.arrival(day, order), shipped))
        again = workday(day + timedelta(days=9))
        if later and again <= LAST:
            self.leaving[again].append((order, later))

    def arrival(self, day: date, order: Order) -> date:
        """Two to four days of parcels and lorries in Europe, more overseas; sometimes a week late."""
        fast = order.carrier == "T1"
        base = (2 if fast else 4) if order.country in EUROPE else (4 if fast else 11)
        return workday(day + timedelta(days=base + self.rng.choice((0, 0, 0, 1, 1, 2, 7))))

    def send(self, shipment: Shipment) -> None:
        self.world.shipments.append(shipment)
        for x in shipment.lines:
            if x.quantity >= 10 and self.rng.random() < 0.03:
                x.damaged = D(self.rng.randrange(1, 4))
            if x.quantity >= 10 and self.rng.random() < 0.01:
                x.refused = D(self.rng.randrange(1, 3))
            back = workday(shipment.arrives + timedelta(days=self.rng.randrange(4, 20)))
            if back <= LAST and (x.damaged or self.rng.random() < 0.03):
                self.take_back(shipment, x, back)

    def take_back(self, shipment: Shipment, x: ShippedLine, day: date) -> None:
        reason = "damaged" if x.damaged else self.rng.choice(("wrong_item", "surplus", "too_late", "changed_mind"))
        quantity = x.damaged or D(self.rng.randrange(1, int(min(x.quantity, D(6))) + 1))
        what = "scrapped" if x.damaged else "restocked"
        back = Return(f"R{len(self.world.returns) + 1:05}", shipment, x.line, day, quantity, reason, what)
        self.world.returns.append(back)
        if what == "restocked":
            self.coming_back[day].append(back)

    def scrap(self, day: date) -> None:
        for product in self.rng.sample(self.goods, 3):
            if self.hand[product.number, OSLO] > 20:
                self.book(day, OSLO, product, "scrap", D(-self.rng.randrange(1, 5)), f"KA{day:%y%m%d}")

    def buy(self, day: date) -> None:
        """On Tuesdays: what would run short before the next goods can be there."""
        for supplier in suppliers():
            made = Purchase(f"45{len(self.world.purchases) + 1:05}", supplier.number, day,
                            workday(day + timedelta(days=supplier.lead_days)))  # fmt: skip
            for product in self.goods:
                per_day = self.daily.get(product.number, ZERO)
                if product.supplier != supplier.number or not product.active or not per_day:
                    continue
                there = self.total(product) + self.open[product.number]
                if there < per_day * (supplier.lead_days + 35):
                    made.lines.append(self.ordered(product, per_day * 60, day, len(made.lines) + 1))
            if made.lines:
                self.world.purchases.append(made)
                self.plan_arrival(made)

    def ordered(self, product: Product, units: Decimal, day: date, number: int) -> BoughtLine:
        unit, per_unit = product.bought
        if unit == "TNE":
            quantity = (units / 10).quantize(D(1), ROUND_CEILING) / 100
        else:
            quantity = max((units / per_unit).quantize(D(1), ROUND_CEILING), D(2))
        months = (day.year - FIRST.year) * 12 + day.month - FIRST.month
        dearer = D(1) + D(months) / 200 + D(self.rng.randrange(-20, 21)) / 1000
        self.open[product.number] += quantity * per_unit
        return BoughtLine(number, product, unit, per_unit, quantity, cents(product.cost * dearer) * per_unit)

    def plan_arrival(self, made: Purchase) -> None:
        """Most come whole and in time; some in two parts, short, over by a unit, or with a unit rejected."""
        day = workday(made.promised + timedelta(days=self.rng.choice((-1, 0, 0, 0, 0, 1, 3, 9))))
        for line in made.lines:
            chance, rejected = self.rng.random(), ZERO
            whole = line.unit != "TNE"
            if whole and line.quantity >= 4 and self.rng.random() < 0.05:
                rejected = D(1)
            parts = [(day, line.quantity)]
            if whole and line.quantity >= 6 and chance < 0.12:
                first = line.quantity * 2 // 3
                parts = [(day, first), (workday(day + timedelta(days=8)), line.quantity - first)]
            elif whole and line.quantity >= 6 and chance < 0.17:
                parts, line.closed = [(day, line.quantity - 1)], True
                self.open[line.product.number] -= line.per_unit
            elif whole and line.quantity >= 25 and chance < 0.25:
                parts = [(day, line.quantity + 1)]
                self.open[line.product.number] += line.per_unit
            for n, (at, quantity) in enumerate(parts):
                self.arriving[at].append(Received(made, line, quantity, rejected if n == 0 else ZERO))

    def close(self, day: date) -> None:
        """Positions of the day, its value at moving average, and a count where one is due."""
        self.value(day)
        reserved: dict[Key, Decimal] = defaultdict(lambda: ZERO)
        for order in self.world.orders:
            if order.ordered <= day and (order.leaves is None or order.leaves > day):
                place = BERGEN if order.country in NORTH else OSLO
                for line in order.lines:
                    reserved[line.product.number, place] += line.quantity * line.product.per_unit
        for place in (OSLO, BERGEN):
            for product in self.goods:
                key = (product.number, place)
                cost = self.averages[product.number][2].quantize(D("0.0001"), ROUND_HALF_UP)
                kept = max(min(reserved[key], self.hand[key]), ZERO)
                self.world.positions.append(Position(place, product, day, self.hand[key], kept, cost))
        if day in COUNTED:
            self.count(day)

    def value(self, day: date) -> None:
        """Moving average over both places: as each movement in its order changed it since the last close."""
        since = max(self.world.values, default=date.min)
        moved = [m for m in self.world.movements if since < m.day <= day and not m.kind.startswith("transfer")]
        for m in sorted(moved, key=lambda m: (m.day, m.kind != "opening", m.quantity < 0, m.number)):
            state = self.averages[m.product.number]
            quantity, value, average = state
            if m.quantity > 0:
                value += m.quantity * (m.cost or ZERO)
                average = value / (quantity + m.quantity)
            else:
                value = (value * (quantity + m.quantity) / quantity).quantize(D("1e-10"), ROUND_HALF_UP)
            state[:] = quantity + m.quantity, value, average
        self.world.values[day] = {number: cents(state[1]) for number, state in self.averages.items()}

    def count(self, day: date) -> None:
        number, posted = f"T{day:%y%m}", day != LAST
        positions = [p for p in self.world.positions if p.day == day and p.on_hand > 5]
        for n, p in enumerate(self.rng.sample(positions, 40), start=1):
            off = D(self.rng.choice((0, 0, 0, 0, 0, 0, -1, -1, -2, 1)))
            self.world.counts.append(
                Counted(number, n, day, p.place, p.product, p.on_hand, p.on_hand + off, p.cost, posted)
            )
            if posted and off:
                self.found[day + timedelta(days=1)].append(
                    Movement(day, p.place, p.product, "count", off, None, number)
                )
