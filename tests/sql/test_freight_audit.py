"""Charges of carriers, drawn at random, against a judge in Python that looks each of them up in the tariffs by hand."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
import sqlalchemy as sa

from pipelines.reporting.project import load_project
from pipelines.reporting.publish import become_owner, make_side_schema
from pipelines.settings import Settings
from pipelines.warehouse.connection import Warehouse
from tests.conftest import MARTS_DATABASE
from tests.sql.rows import CUT_OFF, Row, insert

DATABASE = MARTS_DATABASE
CENT = Decimal("0.01")
VALID = (date(2026, 1, 1), date(2026, 3, 1), date(2026, 5, 1))
BANDS = (0, 100, 500)
LANES = {"C-1": ("DE-FR", "DE-IT"), "C-2": ("DE-FR",)}
"""The second carrier has one lane and one means only: what its charges do not say can be told."""
MODES = {"C-1": ("truck", "rail"), "C-2": ("truck",)}
SHIPMENTS = 40


@dataclass(frozen=True)
class Shipment:
    country: str
    mode: str
    shipped: date
    weight: Decimal | None


@dataclass(frozen=True)
class Charge:
    number: int
    carrier: str
    shipment: str | None
    lane: str | None
    mode: str | None
    shipped: date | None
    invoiced: date
    weight: Decimal | None
    kind: str
    amount: Decimal
    currency: str


def tariff(carrier: str, lane: str, mode: str, since: date, band: int) -> tuple[Decimal, Decimal, Decimal]:
    """Fixed part, rate of a kilogram and the least that is charged."""
    place = LANES[carrier].index(lane) + 2 * MODES[carrier].index(mode) + 3 * VALID.index(since)
    return Decimal(10 + place), Decimal(30 - 5 * BANDS.index(band) + place) / 16, Decimal(25)


def price(charge: Charge, shipment: Shipment | None) -> Decimal | None:
    """What the tariff says; None = there is none."""
    day = charge.shipped or (shipment.shipped if shipment else None) or charge.invoiced
    weight = charge.weight or (shipment.weight if shipment else None)
    lanes, modes = LANES[charge.carrier], MODES[charge.carrier]
    lane = charge.lane or (f"DE-{shipment.country}" if shipment and f"DE-{shipment.country}" in lanes else None)
    mode = charge.mode or (shipment.mode if shipment else None)
    lane = lane or (lanes[0] if len(lanes) == 1 else None)
    if not charge.mode and len(modes) == 1:
        mode = modes[0]
    since = max((v for v in VALID if v <= day), default=None)
    if weight is None or since is None or lane not in lanes or mode not in modes:
        return None
    base, rate, least = tariff(charge.carrier, lane, mode, since, max(b for b in BANDS if b <= weight))
    return max(base + rate * weight, least).quantize(CENT, ROUND_HALF_UP)


@pytest.fixture(scope="module")
def drawn() -> tuple[dict[str, Shipment], list[Charge]]:
    die = random.Random(11)
    shipments = {
        f"S-{n}": Shipment(
            die.choice(("FR", "IT", "ES")),
            die.choice(("truck", "rail")),
            date(2025, 12, 20) + timedelta(days=die.randrange(180)),
            die.choice((None, Decimal(die.randrange(1, 9000)) / 10)),
        )
        for n in range(SHIPMENTS)
    }
    charges: list[Charge] = []
    for number in range(1500):
        carrier = die.choice(("C-1", "C-2"))
        name = die.choice((None, "S-lost", *(f"S-{die.randrange(SHIPMENTS)}" for _ in range(8))))
        charge = Charge(
            number, carrier, name,
            die.choice((None, *LANES[carrier], "DE-ES")), die.choice((None, *MODES[carrier])),
            die.choice((None, date(2025, 12, 20) + timedelta(days=die.randrange(180)))),
            date(2026, 1, 1) + timedelta(days=die.randrange(170)),
            die.choice((None, Decimal(0) + die.choice((50, 99, 100, 499, 500, 750)))),
            die.choice(("freight", "freight", "freight", "fuel")), Decimal(0), die.choice(("EUR", "EUR", "EUR", "USD")),
        )  # fmt: skip
        right = price(charge, shipments.get(name or "")) or Decimal(77)
        off = die.choice((0, 0, 0, CENT, -CENT, 2 * CENT, -2 * CENT, 5))
        charges.append(Charge(**{**vars(charge), "amount": right + off}))
        if name and not die.randrange(3):  # again, up to three times, and perhaps credited
            signs = die.choice(((1,), (-1,), (1, 1), (1, -1), (1, 1, -1)))
            for sign in signs:
                again = {"number": len(charges) + 5000, "amount": sign * charges[-1].amount.copy_abs()}
                charges.append(Charge(**{**vars(charges[-1]), **again}))
    return shipments, charges


def flags(shipments: dict[str, Shipment], charges: list[Charge]) -> dict[int, tuple[str, Decimal | None]]:
    """Number of a charge → its flags and what was expected of it."""
    same: dict[tuple[object, ...], list[Charge]] = defaultdict(list)
    for c in charges:
        same[c.carrier, c.shipment, c.kind, abs(c.amount), c.currency].append(c)
    too_many: set[int] = set()
    for alike in same.values():
        paid = sorted((c for c in alike if c.amount > 0), key=lambda c: (c.invoiced, f"F-{c.number}"))
        credited = len([c for c in alike if c.amount < 0])
        left = paid[: max(len(paid) - credited, 0)]
        too_many |= {c.number for c in left[1:] if c.shipment}
    out = {}
    for c in charges:
        shipment = shipments.get(c.shipment or "")
        said = ["duplicate"] if c.number in too_many else []
        said += [] if shipment else ["no_shipment"]
        right = price(c, shipment) if c.kind == "freight" else None
        is_judged = c.kind == "freight" and c.amount > 0
        if is_judged and c.weight is None and (shipment is None or shipment.weight is None):
            said.append("no_weight")
        elif is_judged and right is None:
            said.append("no_tariff")
        elif is_judged and right is not None:
            off = c.amount - right
            said += (
                ["other_currency"] if c.currency != "EUR" else ["over_charged"] if off > CENT
                else ["under_charged"] if off < -CENT else []
            )  # fmt: skip
        out[c.number] = ", ".join(said), right if is_judged and c.currency == "EUR" else None
    return out


@pytest.fixture(scope="module")
def audited(
    drawn: tuple[dict[str, Shipment], list[Charge]], warehouse: Warehouse, marts_home: Settings
) -> dict[int, Row]:
    """Rows of the mart by number of the charge."""
    with warehouse.transaction() as conn:
        for table, rows in _tables(*drawn).items():
            insert(conn, table, rows)
        make_side_schema(conn)
    project = load_project(marts_home, warehouse.url)
    select = ["--indirect-selection", "cautious", "--select", "+rpt_freight_audit"]
    runs = project.run(["build", "--exclude-resource-type", "unit_test", *select], datetime.fromisoformat(CUT_OFF))
    assert not [run for run in runs if run.failed], [run for run in runs if run.failed]
    with warehouse.transaction() as conn:
        become_owner(conn)
        made = conn.execute(sa.text("select * from reporting_next.rpt_freight_audit")).mappings()
        return {int(row["invoice_id"].removeprefix("F-")): dict(row) for row in made}


def _tables(shipments: dict[str, Shipment], charges: list[Charge]) -> dict[str, list[Row]]:
    own = {"client_id": "north"}
    return {
        "ops.client": [{**own, "name": "North", "time_zone": "UTC"}],
        "core.shipments_freight_tariffs": [
            {**own, "carrier_id": carrier, "lane_id": lane, "transport_mode_code": mode, "valid_from_date": since,
             "from_weight_kg": band, "currency_code": "EUR",
             **dict(zip(("base_amount", "rate_per_kg_amount", "minimum_amount"),
                        tariff(carrier, lane, mode, since, band), strict=True))}
            for carrier in LANES for lane in LANES[carrier] for mode in MODES[carrier] for since in VALID
            for band in BANDS
        ],
        "core.shipments_shipments": [
            {**own, "shipment_line_id": name, "shipment_id": name, "origin_country_code": "DE",
             "destination_country_code": s.country, "transport_mode_code": s.mode, "shipped_date": s.shipped,
             "promised_date": s.shipped, "weight_quantity": s.weight, "item_name": "Pad", "line_quantity": 1,
             "currency_code": "EUR"}
            for name, s in shipments.items()
        ],
        "core.shipments_freight_invoices": [
            {**own, "carrier_id": c.carrier, "invoice_id": f"F-{c.number}", "line_id": "1", "invoice_date": c.invoiced,
             "shipment_id": c.shipment, "lane_id": c.lane, "transport_mode_code": c.mode, "shipped_date": c.shipped,
             "charge_code": c.kind, "charged_weight_kg": c.weight, "charged_amount": c.amount,
             "currency_code": c.currency}
            for c in charges
        ],
    }  # fmt: skip


def test_every_charge_is_judged_as_by_hand(
    drawn: tuple[dict[str, Shipment], list[Charge]], audited: dict[int, Row]
) -> None:
    expected = flags(*drawn)
    assert audited.keys() == expected.keys()
    got = {number: (row["flags"], row["expected_amount"]) for number, row in audited.items()}
    of = {c.number: c for c in drawn[1]}
    wrong = [(of[n], got[n], expected[n]) for n in expected if got[n] != expected[n]]
    assert not wrong, (len(wrong), wrong[:4])


def test_the_charges_come_to_everything_that_can_be_said(drawn: tuple[dict[str, Shipment], list[Charge]]) -> None:
    said = {flag for text, _ in flags(*drawn).values() for flag in text.split(", ")}
    assert said == {
        "", "duplicate", "no_shipment", "no_weight", "no_tariff", "other_currency", "over_charged", "under_charged"
    }  # fmt: skip
