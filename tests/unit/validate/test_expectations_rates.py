"""Numbers that a declared list allows on a day: engines and gate beside plain Python."""

# ruff: noqa: E501 (one sample a line reads better)

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from great_expectations.expectations.row_conditions import Column

from pipelines.validate.expectations import ExpectValuesToBeListed
from pipelines.validate.suites import check_suite
from tests.unit.validate.conftest import ADDS_UP, LINES, Desk, line, rule, write_suite
from tests.unit.validate.engines import Judged, dirty_rows, judged_on

FIRST = date(2026, 1, 1)
ENTRIES = [
    {"currency": "EUR", "kind": "a", "valid_from": "2026-02-01", "allowed": [12.0, 13.5]},
    {"currency": "EUR", "kind": "a", "valid_from": "2026-01-10", "allowed": [12.5], "law": "a law"},
    {"currency": "GBP", "kind": "a", "valid_from": "2026-01-01", "allowed": [11.11]},
]
LISTED = {"column": "price", "date": "day", "match": ["currency", "kind"], "entries": ENTRIES}


def rates(seed: int = 6) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    template = dirty_rows(20)[0]
    return [
        {
            **template, "row_id": n, "currency": rng.choice(["EUR", "EUR", "GBP", "USD", None]), "kind": rng.choice(["a", "a", "b", None]),
            "day": rng.choice([None, *(FIRST + timedelta(days=d) for d in range(60))]),
            "price": rng.choice([None, *map(Decimal, ("11.11", "11.1101", "12", "12.5", "13.5"))]),
        }
        for n in range(400)
    ]  # fmt: skip


def not_listed(rows: list[dict[str, Any]]) -> list[int]:
    """The same rule, row by row in Python."""
    out = []
    for row in rows:
        if None in (row["currency"], row["kind"], row["day"], row["price"]):
            continue
        held = [
            e
            for e in ENTRIES
            if (e["currency"], e["kind"]) == (row["currency"], row["kind"])
            and date.fromisoformat(str(e["valid_from"])) <= row["day"]
        ]
        if held and float(row["price"]) not in max(held, key=lambda e: str(e["valid_from"]))["allowed"]:  # type: ignore[operator]
            out.append(row["row_id"])
    return out


judged = judged_on(rates())


def test_values_are_listed(judged: Judged) -> None:
    expected = not_listed(rates())
    assert 30 < len(expected) < 150
    assert judged.failing(ExpectValuesToBeListed(**LISTED)) == expected
    pounds = [n for n in expected if rates()[n]["currency"] == "GBP"]
    assert judged.failing(ExpectValuesToBeListed(**LISTED, row_condition=Column("currency") == "GBP")) == pounds
    assert 0 < len(pounds) < len(expected)


GATE: dict[str, Any] = {
    "column": "item_price", "date": "booked_date", "match": ["currency_code", "status_code"],
    "entries": [{"currency_code": e["currency"], "status_code": "open", "valid_from": e["valid_from"], "allowed": e["allowed"]} for e in ENTRIES],
}  # fmt: skip


def test_the_list_in_the_gate(desk: Desk) -> None:
    desk.suite([ADDS_UP, rule("it", "expect_values_to_be_listed", **GATE)])
    samples = {
        "at": ("13.50", "2026-02-01", "EUR"), "off": ("12.50", "2026-02-01", "EUR"), "before": ("12.50", "2026-01-31", "EUR"),
        "off_before": ("13.50", "2026-01-31", "EUR"), "no_entry_yet": ("1.00", "2026-01-09", "EUR"), "elsewhere": ("1.00", "2026-02-01", "USD"),
    }  # fmt: skip
    lines = [line(f"g{n}", item_price=Decimal(12)) for n in range(100)]
    lines += [
        line(k, item_price=Decimal(p), booked_date=date.fromisoformat(d), currency_code=c)
        for k, (p, d, c) in samples.items()
    ]
    delivery, _ = desk.gate(lines)
    assert desk.rejects(delivery) == {"it": [103, 105]}


@pytest.mark.parametrize(
    ("kwargs", "said"),
    [
        ({**GATE, "entries": []}, "does not accept"),
        ({**GATE, "match": ["currency_code"]}, "has status_code, which is not in match"),
        ({**GATE, "column": "line_id"}, "line_id is text, not a number"),
        ({**GATE, "date": "line_id"}, "line_id is text, not a date"),
        ({**GATE, "entries": [{**GATE["entries"][0], "allowed": []}]}, "expected a list of numbers"),
        ({**GATE, "entries": [{**GATE["entries"][0], "allowed": ["12"]}]}, "expected numbers"),
        ({**GATE, "entries": [{**GATE["entries"][0], "valid_from": "2026"}]}, "expected an ISO date"),
        ({**GATE, "entries": [GATE["entries"][0], GATE["entries"][0]]}, "says again what holds"),
        ({**GATE, "entries": [{**GATE["entries"][0], "status_code": "shut"}]}, "'shut' for column status_code"),
    ],
)
def test_refused(tmp_path: Path, kwargs: dict[str, Any], said: str) -> None:
    problems = check_suite(write_suite(tmp_path, [rule("it", "expect_values_to_be_listed", **kwargs)]), LINES)
    assert any(said in problem for problem in problems), problems
