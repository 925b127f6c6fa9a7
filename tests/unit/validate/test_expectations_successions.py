"""Ranges of days that do not overlap and balances that are carried forward: engines and gate beside plain Python."""

# ruff: noqa: E501 (one sample a line reads better)

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from pipelines.delivery import Verdict
from pipelines.validate.expectations import (
    BalancesCarried,
    ChangesLarge,
    ExpectBalancesToCarryForward,
    ExpectChangesToBeSmall,
    ExpectRangesNotToOverlap,
    RangesOverlap,
)
from pipelines.validate.suites import check_suite
from pipelines.warehouse.connection import Warehouse
from tests.unit.validate.conftest import LINES, Desk, Line, by_id, line, rule, write_suite
from tests.unit.validate.test_expectations_matches import into_core

FIRST = date(2026, 1, 1)
RANGE = {"group": ["journal_id", "currency_code"], "start": "booked_date", "end": "settled_date"}
BALANCE = {
    "group": ["journal_id", "currency_code"], "order": "parent_id", "opening": "net_amount", "closing": "gross_amount",
}  # fmt: skip
CHANGE = {
    "group": ["journal_id", "currency_code"],
    "order": "booked_date",
    "column": "gross_amount",
    "max_change_pct": 60.0,
}
Row = dict[str, Any]


def rows_of(seed: int) -> list[Row]:
    """Ranges of one to nine days, some open, and balances of which some follow."""
    rng = random.Random(seed)
    rows = []
    for n in range(160):
        start = FIRST + timedelta(days=rng.randrange(200))
        rows.append(
            {
                "journal_id": rng.choice([None, *(f"J{i}" for i in range(9))]), "currency_code": rng.choice(["EUR", "GBP"]),
                "booked_date": start, "settled_date": rng.choice([*[start + timedelta(days=rng.randrange(9))] * 30, None]),
                "parent_id": rng.choice([None, *(f"{y}-P{p:02}" for y in (2025, 2026) for p in range(1, 9)), "2026-p1", "2026-03"]),
                "net_amount": Decimal(rng.randrange(3)), "gross_amount": rng.choice([None, *map(Decimal, range(3))]),
                "tax_amount": None, "line_id": f"k{n}",
            }
        )  # fmt: skip
    return rows


def overlapping(rows: Sequence[Row], others: Sequence[Row] = ()) -> list[int]:
    def days(row: Row) -> tuple[date, date]:
        return row["booked_date"], row["settled_date"] or date.max

    def same(row: Row, other: Row) -> bool:
        (a, b), (c, d) = days(row), days(other)
        return all(row[g] is not None and row[g] == other[g] for g in RANGE["group"]) and a <= d and c <= b

    everyone = [*rows, *others]
    return [n for n, row in enumerate(rows) if any(o is not row and same(row, o) for o in everyone)]


def not_carried(rows: Sequence[Row], others: Sequence[Row] = ()) -> list[int]:
    places: dict[Any, dict[str, list[Decimal]]] = defaultdict(lambda: defaultdict(lambda: [Decimal(0), Decimal(0)]))

    def judged(row: Row) -> bool:
        return all(
            row[c] is not None for c in ("journal_id", "currency_code", "parent_id", "net_amount", "gross_amount")
        )

    for row in [*rows, *others]:
        if judged(row):
            place = places[row["journal_id"], row["currency_code"]][row["parent_id"]]
            place[0] += row["net_amount"]
            place[1] += row["gross_amount"]
    broken = set()
    for group, members in places.items():
        order = sorted(members)
        for before, at in pairwise(order):
            if members[before][1] != members[at][0]:
                broken.add((*group, at))
    return [
        n for n, r in enumerate(rows) if judged(r) and (r["journal_id"], r["currency_code"], r["parent_id"]) in broken
    ]


def far_off(rows: Sequence[Row], others: Sequence[Row] = ()) -> list[int]:
    groups: dict[Any, list[Any]] = defaultdict(list)
    for n, row in enumerate([*rows, *others]):
        key = (row["journal_id"], row["currency_code"])
        if None not in (*key, row["booked_date"], row["gross_amount"]):
            groups[key].append((row["booked_date"], row["gross_amount"], n))
    found = []
    for group in groups.values():
        group.sort()
        values = [None, *(v for _, v, _ in group), None]
        for at, (_, value, n) in enumerate(group, 1):
            before, after = (
                v is not None and abs(value - v) > abs(v) * Decimal("0.6") for v in (values[at - 1], values[at + 1])
            )
            if before and (after or values[at + 1] is None) and n < len(rows):
                found.append(n)
    return sorted(found)


def given(rows: Sequence[Row]) -> list[Line]:
    return [line(r["line_id"], **{c: v for c, v in r.items() if c != "line_id"}) for r in rows]


@pytest.fixture(params=["pandas", "postgresql"])
def failing(request: pytest.FixtureRequest, owner: Warehouse) -> Iterator[Any]:
    """Positions of the rows that a metric's own condition finds on an engine."""

    def on_pandas(metric: Any, rows: list[Row], needed: list[str], args: Row) -> list[int]:
        frame = pd.DataFrame(rows).dropna(subset=needed)
        return list(frame.index[metric.on_pandas(frame, args)])

    def on_sql(metric: Any, rows: list[Row], needed: list[str], args: Row) -> list[int]:
        types = {"booked_date": sa.Date(), "settled_date": sa.Date(), "net_amount": sa.Numeric(18, 2)}
        types |= {"gross_amount": sa.Numeric(18, 2), "tax_amount": sa.Numeric(18, 2), "n": sa.Integer()}
        names = ["n", *rows[0]]
        columns = [sa.Column(c, types.get(c, sa.Text(collation="C"))) for c in names]
        table = sa.Table("successions", sa.MetaData(), *columns, prefixes=["temporary"])
        with owner.transaction() as conn:
            table.create(conn)
            conn.execute(table.insert(), [{"n": n, **row} for n, row in enumerate(rows)])
            there = sa.and_(*(sa.column(c).is_not(None) for c in needed))
            query = sa.select(sa.column("n")).select_from(table).where(there, metric.on_sql(table.alias("j"), args))
            found = sorted(conn.scalars(query))
            conn.execute(sa.text("drop table successions"))
        return found

    yield on_pandas if request.param == "pandas" else on_sql


@pytest.mark.parametrize("seed", [1, 2])
def test_engines_agree_with_python(failing: Any, seed: int) -> None:
    rows = rows_of(seed)
    ranges = ExpectRangesNotToOverlap(**RANGE)
    assert failing(RangesOverlap, rows, ranges.column_list, RANGE) == overlapping(rows)
    balances = ExpectBalancesToCarryForward(**BALANCE)
    assert failing(BalancesCarried, rows, balances.column_list, BALANCE) == not_carried(rows)
    changes = ExpectChangesToBeSmall(**CHANGE)
    assert failing(ChangesLarge, rows, changes.column_list, CHANGE) == far_off(rows)
    assert 10 < len(far_off(rows)) < 100
    assert 20 < len(overlapping(rows)) < 140 and 20 < len(not_carried(rows)) < 100


@pytest.mark.parametrize("mode", ["snapshot", "delta"])
def test_the_gate_agrees_with_python(desk: Desk, mode: str) -> None:
    """Beside rows of another source, and in a delta also beside those of its scope that it does not bring."""
    rows, others, scope, old = rows_of(3), rows_of(4)[:40], rows_of(5)[:40], rows_of(6)
    into_core(desk, "tests_lines", [{**r, "line_id": f"o{n}"} for n, r in enumerate(others)], _source="other")
    into_core(desk, "tests_lines", [{**r, "line_id": f"s{n}"} for n, r in enumerate(scope)])
    into_core(desk, "tests_lines", [{**r, "line_id": f"k{n}"} for n, r in enumerate(scope[:20])])
    into_core(desk, "tests_lines", [{**r, "line_id": f"x{n}"} for n, r in enumerate(old)], _known_to=date(2021, 1, 1))
    desk.suite(
        [
            rule("ranges", "expect_ranges_not_to_overlap", "warning", **RANGE),
            rule("balances", "expect_balances_to_carry_forward", "warning", **BALANCE),
            rule("changes", "expect_changes_to_be_small", "warning", **CHANGE),
        ]
    )
    _, result = desk.gate(given(rows), desk.ref(mode), chunk=50)
    beside = [*others, *(scope if mode == "delta" else [])]
    expected = {"ranges": overlapping, "balances": not_carried, "changes": far_off}
    for name, found in ((name, python(rows, beside)) for name, python in expected.items()):
        outcome = by_id(result)[name]
        assert outcome.failed == len(found)
        assert [s["row_number"] - 2 for s in outcome.samples] == found[:20]
    assert len(overlapping(rows, beside)) > len(overlapping(rows))


def test_they_say_what_is_wrong(desk: Desk) -> None:
    fine = [line(f"g{i}", journal_id=f"x{i}") for i in range(100)]
    there = {"journal_id": "J", "tax_amount": None}
    first = {**there, "parent_id": "2026-01", "booked_date": FIRST, "settled_date": date(2026, 1, 31)}
    second = {**there, "parent_id": "2026-02", "booked_date": date(2026, 1, 31), "settled_date": None}
    lines = [
        *fine,
        line("a", **first, net_amount=Decimal(0), gross_amount=Decimal(5)),
        line("b", **second, net_amount=Decimal(4), gross_amount=Decimal(9)),
    ]
    value = (
        "select value from quarantine.reject where delivery_id = :id and rule_id = 'tests.lines.it' order by row_number"
    )
    for kind, args, said in (
        ("ranges_not_to_overlap", RANGE, [("J / EUR / 2026-01-01 / 2026-01-31",), ("J / EUR / 2026-01-31",)]),
        ("balances_to_carry_forward", BALANCE, [("J / EUR / 2026-02: opens with 4.00, closed before with 5.00",)]),
        ("changes_to_be_small", {**CHANGE, "column": "gross_amount"}, [("J / EUR / 2026-01-31: 9.00, before 5",)]),
    ):
        desk.suite([rule("it", f"expect_{kind}", **args)])
        delivery, result = desk.gate(lines)
        assert result.verdict is Verdict.PASS_WITH_REJECTS, result.message
        assert desk.rows(value, id=delivery.delivery_id) == said


@pytest.mark.parametrize(
    ("kind", "kwargs", "said"),
    [
        ("ranges_not_to_overlap", {**RANGE, "group": []}, "does not accept"),
        ("ranges_not_to_overlap", {**RANGE, "end": "head_count"}, "end: column head_count is number, not a date"),
        ("ranges_not_to_overlap", {**RANGE, "start": "nobody"}, "unknown column 'nobody'"),
        ("balances_to_carry_forward", {**BALANCE, "order": "journal_id"}, "journal_id is in group"),
        ("balances_to_carry_forward", {**BALANCE, "opening": "item_quantity"}, "one scale"),
        ("balances_to_carry_forward", {**BALANCE, "group": ["journal_id"]}, "name it in `group`"),
        ("balances_to_carry_forward", {**BALANCE, "closing": "parent_id"}, "column parent_id is text, not a number"),
        ("changes_to_be_small", {**CHANGE, "order": "journal_id"}, "journal_id is in group"),
        ("changes_to_be_small", {**CHANGE, "column": "parent_id"}, "column parent_id is text, not a number"),
        ("changes_to_be_small", {**CHANGE, "max_change_pct": 0}, "does not accept"),
        ("balances_to_carry_forward", {**BALANCE, "decimals": 2}, "decimals is for use outside the gate"),
    ],
)
def test_refused(tmp_path: Path, kind: str, kwargs: Row, said: str) -> None:
    problems = check_suite(write_suite(tmp_path, [rule("it", f"expect_{kind}", **kwargs)]), LINES)
    assert any(said in problem for problem in problems), problems
