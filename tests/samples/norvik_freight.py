"""Norvik's carriers: where a shipment was when, what its carrier may charge and what it charged.

A tariff has a fixed part, a rate per kilogram by weight and a least charge; lanes run from Norway to a country, rates
rise in April. Each carrier sends an invoice a month, one line of freight per shipment by the tariff of the day it left,
and one of fuel, 6 % of it. `EVENTS` are the steps of a journey; outside of Europe goods go through customs.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from tests.samples.norvik_base import COUNTRIES, EUROPE, LAST, ZERO, carriers, cents
from tests.samples.norvik_world import Shipment, World

D = Decimal
BANDS = (D(0), D(100), D(500))
RAISED = date(2026, 4, 1)
MODES = {number: mode for number, _, _, mode in carriers()}


@dataclass(frozen=True)
class Tariff:
    """What a carrier may charge from a day and a weight on."""

    carrier: str
    lane: str
    since: date
    weight: Decimal
    base: Decimal
    rate: Decimal
    least: Decimal

    def charge(self, weight: Decimal) -> Decimal:
        """Price of a shipment."""
        return max(cents(self.base + self.rate * weight), self.least)


@dataclass(frozen=True)
class Charge:
    """A line of a freight invoice."""

    shipment: str
    lane: str
    left: date
    kind: str
    weight: Decimal
    amount: Decimal


@dataclass
class FreightInvoice:
    """The invoice of a carrier for a month."""

    carrier: str
    number: str
    day: date
    charges: list[Charge] = field(default_factory=list)

    @property
    def amount(self) -> Decimal:
        """All charges."""
        return sum((c.amount for c in self.charges), ZERO)


@dataclass(frozen=True)
class Event:
    """Where a shipment was."""

    shipment: Shipment
    number: int
    code: str
    at: datetime
    """Local time in Oslo."""
    location: str
    country: str


def lane_of(country: str) -> str:
    """From Norway to a country."""
    return f"NO-{country}"


def tariffs() -> list[Tariff]:
    """By carrier, lane, day and weight."""
    made = []
    for carrier, dear in (("T1", D("2.4")), ("T2", D(1)), ("T3", D("1.3"))):
        for country in sorted(set(COUNTRIES.values())):
            near = D(3) if country in EUROPE else D(8)
            for since, raised in ((date(2025, 1, 1), D(1)), (RAISED, D("1.04"))):
                for band, share in zip(BANDS, (D(1), D("0.8"), D("0.6")), strict=True):
                    rate = (near * dear * raised * share).quantize(D("0.0001"))
                    made.append(
                        Tariff(carrier, lane_of(country), since, band, D(90) * dear, rate, cents(D(250) * dear))
                    )
    return made


def tariff_on(carrier: str, country: str, day: date, weight: Decimal) -> Tariff:
    """The tariff that holds for a shipment."""
    fitting = [t for t in _by_lane()[carrier, lane_of(country)] if t.since <= day and t.weight <= weight]
    return max(fitting, key=lambda t: (t.since, t.weight))


_LANES: dict[tuple[str, str], list[Tariff]] = defaultdict(list)


def _by_lane() -> dict[tuple[str, str], list[Tariff]]:
    if not _LANES:
        for t in tariffs():
            _LANES[t.carrier, t.lane].append(t)
    return _LANES


def freight_of(world: World) -> list[FreightInvoice]:
    """Invoices for what left until the end of September; those of October come later."""
    made: dict[tuple[str, int, int], FreightInvoice] = {}
    for s in world.shipments:
        after = (s.left.replace(day=28) + timedelta(days=4)).replace(day=5)
        if after > LAST:
            continue
        key = (s.order.carrier, s.left.year, s.left.month)
        invoice = made.setdefault(key, FreightInvoice(s.order.carrier, f"FR{s.left:%y%m}-{s.order.carrier}", after))
        amount = tariff_on(s.order.carrier, s.order.country, s.left, s.weight).charge(s.weight)
        lane = lane_of(s.order.country)
        invoice.charges += [
            Charge(s.number, lane, s.left, "freight", s.weight, amount),
            Charge(s.number, lane, s.left, "fuel", s.weight, cents(amount * D("0.06"))),
        ]
    return list(made.values())


def events_of(world: World, seed: int) -> list[Event]:
    """The journeys as far as they have come."""
    rng = random.Random(f"{seed}/norvik/events")
    return [e for s in world.shipments for e in _journey(s, rng) if e.at.date() <= LAST]


def _journey(s: Shipment, rng: random.Random) -> Iterator[Event]:
    """Booked and picked up in the afternoon, under way by night, delivered before noon."""
    here = "NOOSL" if s.place == "OSL" else "NOBGO"
    there, country = s.order.place, s.order.country
    near = s.arrives - timedelta(days=1)
    steps: list[tuple[str, date, int, str, str]] = [
        ("booked", s.left, 9, here, "NO"),
        ("picked_up", s.left, 14, here, "NO"),
        ("departed", s.left, 19, here, "NO"),
        ("arrived", near, 20 if near == s.left else 6, there, country),
    ]
    if country not in EUROPE:
        if rng.random() < 0.1:
            steps.append(("customs_held", near, 21, there, country))
        steps.append(("customs_cleared", near, 22, there, country))
    steps += [("out_for_delivery", s.arrives, 6, there, country), ("delivered", s.arrives, 10, there, country)]
    for n, (code, day, hour, place, land) in enumerate(steps, start=1):
        yield Event(s, n, code, datetime.combine(day, time(hour, rng.randrange(60))), place, land)
