"""Order, receipt and invoice in every combination of over, under, missing, repeated, price, currency and product.

One build of the mart over the full product, each case an order line of its own, against a judge in Python that adds up
documents and knows nothing of the SQL.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import NamedTuple

import pytest
import sqlalchemy as sa

from pipelines.reporting.project import load_project
from pipelines.reporting.publish import become_owner, make_side_schema
from pipelines.settings import Settings
from pipelines.warehouse.connection import Warehouse
from tests.conftest import MARTS_DATABASE
from tests.sql.rows import CUT_OFF, EARLY, Row

DATABASE = MARTS_DATABASE
ORDERED, PRICE = 100, Decimal("10.50")
QUANTITY_PCT, PRICE_PCT = 5, 2
PACK = 20
"""Base units in a pack: every other case is ordered, and every third invoiced, in packs."""
CARTON = 5
"""Every fifth case is of a product in cartons, on all its documents, and nothing tells what a carton holds."""


class Case(NamedTuple):
    receipt: str
    invoice: str
    price: str
    currency: str
    repeated: str
    product: str
    state: str


RECEIPTS: dict[str, list[tuple[int, int]]] = {
    "none": [],
    "exact": [(100, 0)],
    "within": [(104, 0)],
    "over": [(120, 0)],
    "under": [(60, 0)],
    "rejected": [(100, 100)],
    "parts": [(80, 20), (60, 20)],
}
"""Base units received and rejected."""
INVOICED = {"none": None, "exact": 100, "over": 120, "under": 40}
PRICES = {"same": PRICE, "within": Decimal("10.70"), "over": Decimal("11.00"), "under": Decimal("10.00")}
CURRENCIES = ("EUR", "USD")
REPEATED = ("once", "same_number", "other_number", "credited")
PRODUCTS = ("same", "other")
STATES = ("future", "past", "closed")
CASES = [Case(*c) for c in itertools.product(RECEIPTS, INVOICED, PRICES, CURRENCIES, REPEATED, PRODUCTS, STATES)]
GRAVITY = (
    "duplicate_invoice", "other_currency", "other_product", "not_received", "quantity_over_invoiced", "price_over",
    "over_received", "not_invoiced", "under_invoiced", "price_under", "under_received",
)  # fmt: skip


class Document(NamedTuple):
    number: str
    quantity: int
    amount: Decimal


def invoices(case: Case) -> list[Document]:
    """What the supplier sends for the line; a number again in another spelling is the same number."""
    quantity = INVOICED[case.invoice]
    if quantity is None:
        return []
    amount = quantity * PRICES[case.price]
    first = Document("RE-00417", quantity, amount)
    again = {
        "once": [],
        "same_number": [Document("re 417", quantity, amount)],
        "other_number": [Document("RE-00533", quantity, amount)],
        "credited": [Document("RE-00533", quantity, amount), Document("GU-9", -quantity, -amount)],
    }[case.repeated]
    return [first, *again]


# the judge ------------------------------------------------------------------------------------------------------


class Judged(NamedTuple):
    flags: frozenset[str]
    status: str
    accepted: int
    invoiced: int
    price_variance: Decimal | None


def judge(case: Case) -> Judged:
    """What a clerk with the papers of one line before him would write on them."""
    accepted = sum(received - rejected for received, rejected in RECEIPTS[case.receipt])
    papers = invoices(case)
    invoiced = sum(paper.quantity for paper in papers)
    owed = accepted or ORDERED
    slack = Fraction(ORDERED * QUANTITY_PCT, 100)
    is_over, is_under = invoiced > owed + slack, invoiced < owed - slack
    flags = set()
    charged = Counter[int]()
    numbers: dict[int, list[str]] = defaultdict(list)
    for paper in papers:
        charged[abs(paper.quantity)] += 1 if paper.quantity > 0 else -1
        if paper.quantity > 0:
            numbers[paper.quantity].append("".join(filter(str.isdigit, paper.number)).lstrip("0"))
    if any(times > 1 and (is_over or len(set(numbers[q])) < len(numbers[q])) for q, times in charged.items()):
        flags.add("duplicate_invoice")
    if papers and case.currency != "EUR":
        flags.add("other_currency")
    if papers and case.product == "other":
        flags.add("other_product")
    if accepted == 0 and (invoiced or case.state == "past"):
        flags.add("not_received")
    if is_over:
        flags.add("quantity_over_invoiced")
    if invoiced == 0 and accepted:
        flags.add("not_invoiced")
    if invoiced and accepted and is_under:
        flags.add("under_invoiced")
    if accepted > ORDERED + slack:
        flags.add("over_received")
    if 0 < accepted < ORDERED - slack and case.state != "future":
        flags.add("under_received")
    variance = None
    if papers and case.currency == "EUR":
        variance = sum((paper.amount for paper in papers), Decimal(0)) - invoiced * PRICE
        if abs(Fraction(variance)) > Fraction(invoiced) * Fraction(PRICE) * PRICE_PCT / 100 + Fraction(1, 50):
            flags.add("price_over" if variance > 0 else "price_under")
    first = next((flag for flag in GRAVITY if flag in flags), None)
    nothing = "closed" if case.state == "closed" else "open"
    return Judged(
        frozenset(flags), first or ("matched" if papers or accepted else nothing), accepted, invoiced, variance
    )


# the build -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def matched(warehouse: Warehouse, marts_home: Settings) -> list[Row]:
    """Rows of the mart over all cases, and over rows without an order."""
    with warehouse.transaction() as conn:
        for table, rows in _tables().items():
            _insert(conn, table, rows)
        make_side_schema(conn)
    project = load_project(marts_home, warehouse.url)
    select = ["--indirect-selection", "cautious", "--select", "+rpt_three_way_match"]
    runs = project.run(["build", "--exclude-resource-type", "unit_test", *select], datetime.fromisoformat(CUT_OFF))
    assert not [run for run in runs if run.failed], [run for run in runs if run.failed]
    with warehouse.transaction() as conn:
        become_owner(conn)
        return [dict(r) for r in conn.execute(sa.text("select * from reporting_next.rpt_three_way_match")).mappings()]


def _tables() -> dict[str, list[Row]]:
    numbered = list(enumerate(CASES))
    reporting = {"matching": {"quantity_pct": QUANTITY_PCT, "price_pct": PRICE_PCT}}
    return {
        "ops.client": [{"client_id": "north", "name": "North", "time_zone": "UTC", "reporting": json.dumps(reporting)}],
        "core.shipments_products": [
            {"product_id": "P", "product_name": "Bolt", "pack_unit_code": "BX", "units_per_pack": PACK},
            {"product_id": "Q", "product_name": "Nut", "pack_unit_code": None, "units_per_pack": None},
        ],
        "core.shipments_purchase_orders": [
            {"purchase_order_id": "O", "supplier_id": "S", "ordered_date": "2026-01-02", "currency_code": "EUR"}
        ],
        "core.shipments_purchase_order_lines": [_order_line(number, case) for number, case in numbered],
        "core.shipments_goods_receipts": [row for number, case in numbered for row in _receipts(number, case)],
        "core.ledgers_invoice_lines": [row for number, case in numbered for row in _invoices(number, case)],
    }


def _unit(number: int, every: int, rest: int) -> str | None:
    """Unit of a document: cartons of the product that has them, else packs in some cases."""
    return "CT" if number % CARTON == 0 else "BX" if number % every == rest else None


def _product(number: int) -> str:
    return "Q" if number % CARTON == 0 else "P"


def _order_line(number: int, case: Case) -> Row:
    unit = _unit(number, 2, 1)
    in_packs = unit == "BX"
    return {
        "purchase_order_id": "O",
        "line_id": str(number),
        "product_id": _product(number),
        "ordered_quantity": ORDERED / PACK if in_packs else ORDERED,
        "unit_code": unit,
        "unit_price_amount": PRICE * PACK if in_packs else PRICE,
        "currency_code": "EUR",
        "due_date": "2026-12-31" if case.state == "future" else "2026-02-01",
        "is_closed": case.state == "closed",
    }


def _receipts(number: int, case: Case) -> Iterator[Row]:
    for part, (received, rejected) in enumerate(RECEIPTS[case.receipt]):
        yield {
            "receipt_id": f"R-{number}",
            "line_id": str(part),
            "purchase_order_id": "O",
            "purchase_order_line_id": str(number),
            "product_id": _product(number),
            "received_date": f"2026-01-{10 + part}",
            "received_quantity": received,
            "rejected_quantity": rejected,
            "unit_code": "CT" if number % CARTON == 0 else None,
        }


def _invoices(number: int, case: Case) -> Iterator[Row]:
    unit = _unit(number, 3, 0)
    for paper in invoices(case):
        yield {
            "ledger_code": "payables",
            "partner_id": f"S-{number}",
            "invoice_id": paper.number,
            "line_id": "1",
            "invoice_date": "2026-01-20",
            "line_quantity": Decimal(paper.quantity) / PACK if unit == "BX" else paper.quantity,
            "unit_code": unit,
            "product_id": {"P": "Q", "Q": "P"}[_product(number)] if case.product == "other" else None,
            "net_amount": paper.amount,
            "currency_code": case.currency,
            "purchase_order_id": "O",
            "purchase_order_line_id": str(number),
        }


def _insert(conn: sa.Connection, table: str, rows: Iterable[Row]) -> None:
    known = {"client_id": "north", "_source": "main", "_delivery_id": 1, "_row_part": 0, "_known_from": EARLY}
    if not table.startswith("core."):
        known = {}
    filled = [
        {**known, **({"_row_number": n, "_row_hash": f"{n:032x}"} if known else {}), **row}
        for n, row in enumerate(rows)
    ]
    names = ", ".join(filled[0])
    conn.execute(sa.text(f"insert into {table} ({names}) values ({', '.join(':' + n for n in filled[0])})"), filled)


def test_the_cases_are_all_there(matched: list[Row]) -> None:
    """Every pair of values of two dimensions, and every flag that they can come to."""
    assert len(CASES) == len(set(CASES)) == len(matched) == 7 * 4 * 4 * 2 * 4 * 2 * 3
    assert {flag for case in CASES for flag in judge(case).flags} == set(GRAVITY)
    assert {judge(case).status for case in CASES} >= {"matched", "open", "closed"}


def test_every_combination_is_judged_as_by_hand(matched: list[Row]) -> None:
    found = {int(row["purchase_order_line_id"]): row for row in matched}
    wrong = []
    for number, case in enumerate(CASES):
        row, expected = found[number], judge(case)
        variance = row["price_variance_amount"]
        got = Judged(
            frozenset(filter(None, row["flags"].split(", "))),
            row["status_code"],
            int(row["accepted_quantity"]),
            int(row["invoiced_quantity"]),
            variance,
        )
        if got != expected:
            wrong.append((case, got, expected))
    assert not wrong, (len(wrong), wrong[:5])


def test_what_was_invoiced_is_what_is_due_and_the_variances(matched: list[Row]) -> None:
    cent = Decimal("0.01")
    for row in matched:
        if row["quantity_variance_amount"] is not None:
            due = (row["due_quantity"] * row["order_price_amount"]).quantize(cent, ROUND_HALF_UP)
            assert row["invoiced_amount"] == due + row["quantity_variance_amount"] + row["price_variance_amount"]


def test_other_currencies_are_never_added_up(matched: list[Row]) -> None:
    other = [row for row in matched if row["other_currency_amounts"]]
    assert other
    for row in other:
        assert row["invoiced_amount"] == 0
        assert row["other_currency_amounts"].startswith("USD ")


def test_the_gravest_flag_is_the_status(matched: list[Row]) -> None:
    for row in matched:
        flags = row["flags"].split(", ") if row["flags"] else []
        assert flags == sorted(flags, key=GRAVITY.index)
        assert not flags or row["status_code"] == flags[0]
