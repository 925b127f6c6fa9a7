"""Sums of quantities within those of another feed, in units that differ: the gate beside plain Python."""

# ruff: noqa: E501 (one sample a line reads better)

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import jinja2
import pytest

from pipelines.catalog import Catalog, load_catalog
from pipelines.settings import ROOT, Settings
from pipelines.validate.suites import check_suite
from pipelines.validate.unit_sizes import STANDARD
from pipelines.warehouse.connection import Warehouse
from tests.feeds.counter import Counter

FEED = "shipments.deliveries"
Row = dict[str, Any]
UNITS = {"product": "product_id", "unit": "unit_code", "feed_product": "product_id", "feed_unit": "unit_code"}
BY_LINE = {"feed": "shipments.order_lines", "column": "ordered_quantity",
           "match": {"order_id": "order_id", "order_line_id": "line_id"}}  # fmt: skip
WITHIN = {"group": ["order_id", "order_line_id"], "column": "delivered_quantity", "less": "refused_quantity",
          "limit_of": {**BY_LINE, "less": "cancelled_quantity", "factor": 1.1}, "units": UNITS}  # fmt: skip
PRODUCTS: list[Row] = [
    {"product_id": "P1", "base_unit_code": "C62", "pack_unit_code": "CT", "units_per_pack": "12"},
    {"product_id": "P2", "base_unit_code": "KGM"},
    {"product_id": "P3"},
]
OWN_UNITS: list[Row] = [{"product_id": "P3", "unit_code": "PF", "base_units": "40"}]
SIZES: dict[tuple[str, str | None], Decimal | int] = {
    ("P1", "C62"): 1, ("P1", None): 1, ("P1", "CT"): 12, ("P1", "DZN"): 12, ("P2", "KGM"): 1, ("P2", None): 1,
    ("P2", "GRM"): Decimal("0.001"), ("P2", "TNE"): 1000, ("P3", "PF"): 40, ("P3", "C62"): 1, ("P3", None): 1,
}  # fmt: skip
"""Of a product and a unit, how many base units it holds, worked by hand; of others nobody knows."""


@pytest.fixture(scope="module")
def contracts() -> Catalog:
    return load_catalog(Settings(Path("nowhere"), Path("nowhere"), (ROOT / "pipelines" / "clients",), None))


class Gate:
    """Brings rows of a feed to the gate, which judges them by the rules given."""

    def __init__(self, warehouse: Warehouse, catalog: Catalog, folder: Path) -> None:
        self._warehouse, self._catalog, self._folder, self._number = warehouse, catalog, folder, 0

    def said(
        self,
        rules: Sequence[tuple[str, Mapping[str, Any]]],
        rows: Sequence[Row],
        others: Mapping[str, Sequence[Row]],
        feed: str = FEED,
    ) -> dict[str, list[tuple[int, str]]]:
        """Rule → (place of the row, what the gate says of it); every rule is named by its number."""
        self._number += 1
        folder = self._folder / str(self._number)
        suite = folder / feed.split(".")[0] / f"{feed.split('.')[1]}.json"
        suite.parent.mkdir(parents=True)
        expectations = [
            {
                "type": f"expect_{kind}", "kwargs": dict(kwargs), "severity": "critical",
                "meta": {"kontor": {"id": f"{feed}.r{n}", "message": {"en": "wrong", "de": "falsch"}, "owner": "us"}},
            }
            for n, (kind, kwargs) in enumerate(rules)
        ]  # fmt: skip
        suite.write_text(json.dumps({"name": feed, "expectations": expectations, "meta": {}}), encoding="utf-8")
        contract = self._catalog.contracts[feed]
        catalog = Catalog(self._catalog.contracts, {}, folder)
        assert check_suite(suite, contract, catalog=catalog) == []
        name = f"limits_{self._folder.name.replace('-', '_')}_{self._number}".lower()
        counter = Counter(self._warehouse, catalog, contract, folder, others, client=name)
        _, result = counter.bring(rows)
        return {
            r.rule_id.rpartition(".")[2]: [
                (s["row_number"] - 2, str(next(iter(s["values"].values())))) for s in r.samples
            ]
            if r.evaluated
            else [(-1, str(r.observed))]
            for r in result.rules
            if r.rule_id.startswith(f"{feed}.r") and r.rule_id.rpartition(".")[2][1:].isdigit()
        }


@pytest.fixture
def gate(warehouse: Warehouse, contracts: Catalog, tmp_path: Path) -> Iterator[Gate]:
    yield Gate(warehouse, contracts, tmp_path)


def delivery(number: int, **more: Any) -> Row:
    return {
        "delivery_note_id": f"N{number}", "line_id": "1", "order_id": "O1", "order_line_id": "1", "product_id": "P1",
        "delivered_date": "2026-03-02", "delivered_quantity": "1", **more,
    }  # fmt: skip


def ordered(quantity: str, line: str = "1", product: str = "P1", **more: Any) -> Row:
    return {"order_id": "O1", "line_id": line, "product_id": product, "ordered_quantity": quantity, **more}


def others(*lines: Row, products: Sequence[Row] = PRODUCTS) -> dict[str, list[Row]]:
    return {
        "shipments.orders": [{"order_id": "O1", "customer_id": "C1", "ordered_date": "2026-02-01"}],
        "shipments.order_lines": list(lines),
        "shipments.products": list(products),
        "shipments.product_units": OWN_UNITS,
    }


def test_the_sizes_of_units_are_those_of_the_reports() -> None:
    """The gate and dbt each say them once."""
    found: list[Any] = []
    env = jinja2.Environment()
    env.globals["return"] = lambda value: found.append(value) or ""
    text = (ROOT / "sql" / "macros" / "units.sql").read_text(encoding="utf-8")
    env.from_string(text).module.standard_units()  # type: ignore[attr-defined]
    assert found == [STANDARD]


def test_a_delivery_in_another_unit_than_the_order(gate: Gate) -> None:
    """10 cartons of 12, of which 1 is cancelled: 108, and 10 % more: 118.8."""
    lines = others(ordered("10", unit_code="CT", cancelled_quantity="1"))
    fine = [delivery(1, delivered_quantity="9", unit_code="CT"), delivery(2, delivered_quantity="10")]
    assert gate.said([("group_sums_to_be_at_most", WITHIN)], fine, lines) == {"r0": []}
    over = [*fine, delivery(3, delivered_quantity="0.9", unit_code=None)]
    assert gate.said([("group_sums_to_be_at_most", WITHIN)], over, lines) == {
        "r0": [(n, "O1 / 1: 118.9 above 118.8") for n in range(3)]
    }
    refused = [*fine, delivery(3, delivered_quantity="3", refused_quantity="2.2")]
    assert gate.said([("group_sums_to_be_at_most", WITHIN)], refused, lines) == {"r0": []}


def test_what_nobody_can_convert_is_compared_with_its_like_only(gate: Gate) -> None:
    """Nothing says how many pieces a pallet of P1 holds."""
    lines = others(ordered("2", unit_code="PF"), ordered("2", "2"))
    rows = [
        delivery(1, delivered_quantity="3", unit_code="PF"),
        delivery(2, delivered_quantity="500"),
        delivery(3, delivered_quantity="500", unit_code="PF", order_line_id="2"),
    ]
    assert gate.said([("group_sums_to_be_at_most", WITHIN)], rows, lines) == {"r0": [(0, "O1 / 1: 3 above 2.2")]}


def test_a_client_without_products(gate: Gate) -> None:
    """Units of one measure are compared all the same: two dozen and a piece are more than 22 pieces and 10 %."""
    lines = {f: rows for f, rows in others(ordered("22", product="P8")).items() if "product" not in f}
    rows = [delivery(1, product_id="P8", delivered_quantity="2", unit_code="DZN"), delivery(2, product_id="P8")]
    sums = [("group_sums_to_be_at_most", WITHIN)]
    assert gate.said(sums, rows, lines) == {"r0": [(0, "O1 / 1: 25 above 24.2"), (1, "O1 / 1: 25 above 24.2")]}
    assert gate.said(sums, rows[:1], lines) == {"r0": []}


def test_a_line_may_say_how_much_more_may_come(gate: Gate) -> None:
    """In the place of the factor; here the percent stands in a column made for something else."""
    lines = others(ordered("10", discount_pct="50"), ordered("10", "2"))
    within = {**WITHIN, "limit_of": {**BY_LINE, "factor": 1.1, "over_pct": "discount_pct"}}
    rows = [delivery(1, delivered_quantity="15"), delivery(2, delivered_quantity="11.1", order_line_id="2")]
    assert gate.said([("group_sums_to_be_at_most", within)], rows, lines) == {"r0": [(1, "O1 / 2: 11.1 above 11")]}
    more = [delivery(1, delivered_quantity="15.01")]
    assert gate.said([("group_sums_to_be_at_most", within)], more, lines) == {"r0": [(0, "O1 / 1: 15.01 above 15")]}


def test_limits_that_are_added_up_and_narrowed(gate: Gate) -> None:
    """Deliveries that name no line are compared with all lines of the product in the order."""
    lines = others(ordered("10"), ordered("1", "2", unit_code="CT"), ordered("99", "3", currency_code="USD"))
    limit = {**BY_LINE, "match": {"order_id": "order_id", "product_id": "product_id"}, "added_up": True,
             "where": {"currency_code": None}}  # fmt: skip
    within = {"group": ["order_id", "product_id"], "column": "delivered_quantity", "limit_of": limit, "units": UNITS}
    rows = [delivery(1, delivered_quantity="22", order_line_id=None)]
    assert gate.said([("group_sums_to_be_at_most", within)], rows, lines) == {"r0": []}
    more = [*rows, delivery(2, delivered_quantity="0.5", order_line_id=None)]
    assert gate.said([("group_sums_to_be_at_most", within)], more, lines) == {
        "r0": [(0, "O1 / P1: 22.5 above 22"), (1, "O1 / P1: 22.5 above 22")]
    }


@pytest.mark.parametrize("seed", range(4))
def test_they_equal_brute_force(gate: Gate, seed: int) -> None:
    rng = random.Random(seed)
    units = {p: [u for q, u in SIZES if q == p] for p in ("P1", "P2", "P3")}
    kept = [*PRODUCTS] if seed % 2 else PRODUCTS[:2]
    products = [r["product_id"] for r in kept]
    lines, rows = [], []
    for number in range(30):
        product = rng.choice(products)
        lines.append(
            ordered(str(rng.randint(1, 40)), str(number), product, unit_code=rng.choice(units[product]))
            | {"cancelled_quantity": rng.choice([None, "0.5"])}
        )
        for _ in range(rng.randint(0, 3)):
            own = {"unit_code": rng.choice(units[product]), "refused_quantity": rng.choice([None, "0.25"])}
            quantity = str(rng.randint(1, 30))
            rows.append(
                delivery(len(rows), product_id=product, order_line_id=str(number), delivered_quantity=quantity, **own)
            )

    def size(row: Row) -> Decimal:
        return SIZES[row["product_id"], row["unit_code"]] * Decimal(1)

    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        arrived = Decimal(row["delivered_quantity"]) - Decimal(row["refused_quantity"] or 0)
        sums[row["order_line_id"]] += arrived * size(row)
    most = {
        r["line_id"]: (Decimal(r["ordered_quantity"]) - Decimal(r["cancelled_quantity"] or 0))
        * size(r)
        * Decimal("1.1")
        for r in lines
    }
    broken = {k for k, total in sums.items() if total > most[k]}
    expected = [n for n, row in enumerate(rows) if row["order_line_id"] in broken]
    assert 5 < len(expected) < len(rows) - 5
    found = gate.said([("group_sums_to_be_at_most", WITHIN)], rows, others(*lines, products=kept))["r0"]
    assert [n for n, _ in found] == expected[: len(found)] and len(found) == min(len(expected), 20)


TARIFF = {
    "feed": "shipments.freight_tariffs", "amount": "charged_amount", "quantity": "charged_weight_kg",
    "match": {c: c for c in ("carrier_id", "lane_id", "transport_mode_code", "currency_code")},
    "date": "shipped_date", "date_instead": "invoice_date", "valid_from": "valid_from_date", "from_quantity": "from_weight_kg",
    "rate": "rate_per_kg_amount", "base": "base_amount", "minimum": "minimum_amount", "tolerance": 0.02,
}  # fmt: skip


def due(row: Row, tariffs: Sequence[Row]) -> Decimal | None:
    """What the newest tariff of the day asks for by the band of the weight; None where there is none."""
    day, weight = row["shipped_date"] or row["invoice_date"], Decimal(row["charged_weight_kg"])
    held = [t for t in tariffs if t["lane_id"] == row["lane_id"] and t["valid_from_date"] <= day]
    newest = max((t["valid_from_date"] for t in held), default=None)
    bands = [t for t in held if t["valid_from_date"] == newest and Decimal(t["from_weight_kg"]) <= weight]
    if not bands:
        return None
    band = max(bands, key=lambda t: Decimal(t["from_weight_kg"]))
    amount = Decimal(band["base_amount"] or 0) + Decimal(band["rate_per_kg_amount"]) * weight
    return max(amount, Decimal(band["minimum_amount"] or 0)).quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.mark.parametrize("seed", range(2))
def test_a_tariff_equals_brute_force(gate: Gate, seed: int) -> None:
    rng = random.Random(seed)
    common = {"carrier_id": "C1", "transport_mode_code": "truck", "currency_code": "EUR"}
    tariffs = [
        {
            **common, "lane_id": lane, "valid_from_date": since, "from_weight_kg": str(band),
            "rate_per_kg_amount": f"0.{rng.randint(100000, 999999)}", "base_amount": rng.choice([None, "12.3456"]),
            "minimum_amount": rng.choice([None, "60.00"]),
        }
        for lane in ("L1", "L2")
        for since in ("2025-01-01", "2026-01-01")
        for band in ((0, 50, 100) if lane == "L1" else (20, 80))
    ]  # fmt: skip
    rows = []
    for number in range(120):
        row = {
            **common, "invoice_id": "F1", "line_id": str(number), "charge_code": "freight", "invoice_date": "2026-03-31",
            "lane_id": rng.choice(["L1", "L2", "L9"]), "charged_weight_kg": rng.choice(["50", "99.9999", "100", "10", "19.5", "180.25"]),
            "shipped_date": rng.choice([None, "2025-12-31", "2026-01-01", "2024-12-31"]),
        }  # fmt: skip
        off = Decimal(rng.choice(["0", "0.02", "-0.02", "0.03", "-0.03"] if rng.random() < 0.4 else ["0"]))
        rows.append({**row, "charged_amount": str((due(row, tariffs) or Decimal(5)) + off)})
    asked = [due(r, tariffs) for r in rows]
    expected = [
        n
        for n, (row, amount) in enumerate(zip(rows, asked, strict=True))
        if amount is not None and abs(amount - Decimal(row["charged_amount"])) > Decimal("0.02")
    ]
    assert 2 < len(expected) <= 20 and asked.count(None) > 10
    others = {"shipments.carriers": [{"carrier_id": "C1"}], "shipments.freight_tariffs": tariffs}
    rule = [("amounts_to_follow_tariff", TARIFF)]
    found = gate.said(rule, rows, others, "shipments.freight_invoices")["r0"]
    assert [n for n, _ in found] == expected
    first = rows[expected[0]]
    charged, tariff = Decimal(first["charged_amount"]), asked[expected[0]] or Decimal(0)
    assert found[0][1].endswith(f": {charged}, tariff {tariff}, difference {charged - tariff}")
