"""Values that stay as they were loaded: engines beside plain Python, and the gate beside what it would replace."""

from __future__ import annotations

import random
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from string import Template
from typing import Any

import pytest

from pipelines.catalog import Catalog
from pipelines.validate.expectations import ExpectLoadedValuesToStay
from pipelines.validate.suites import check_suite
from tests.unit.validate.conftest import LINES, PARENTS, Desk, by_id, line, rule, write_suite
from tests.unit.validate.engines import Judged, dirty_rows, judged_on

ROWS = dirty_rows()
STAY = {"group": ["line_id"], "columns": ["net_amount", "status_code"]}
NO_LIMIT = {"max_rejects": {"pct": 100}}


judged = judged_on(ROWS)


def test_rows_of_one_key_agree(judged: Judged) -> None:
    told: dict[str, set[str]] = defaultdict(set)
    for row in ROWS:
        if row["journal_id"] and row["currency"]:
            told[row["journal_id"]].add(row["currency"])
    expected = sorted(r["row_id"] for r in ROWS if len(told[r["journal_id"]]) > 1)
    assert len(expected) > 20
    assert judged.failing(ExpectLoadedValuesToStay(group=["journal_id"], columns=["currency"])) == expected


def test_what_a_row_would_replace(desk: Desk) -> None:
    desk.suite([rule("it", "expect_loaded_values_to_stay", **STAY)])
    desk.load([line("a"), line("b"), line("c"), line("d", net_amount=None)])
    desk.load([line("e")], source="other")
    rows = [
        line("a", net_amount=Decimal("10.01"), gross_amount=Decimal("11.91"), status_code="settled"),
        line("b", head_count=9),
        line("c", net_amount=None),
        line("d", net_amount=Decimal("12.00")),
        line("e", net_amount=Decimal("12.00")),
    ]
    delivery, result = desk.gate(rows, desk.ref("delta", **NO_LIMIT))
    query = "select row_number, value from quarantine.reject where delivery_id = :id order by 1"
    assert list(desk.rows(query, id=delivery.delivery_id)) == [
        (2, "a: net_amount 10.01, loaded as 10.00, status_code settled, loaded as open")
    ]
    assert by_id(result)["it"].evaluated == 5


@pytest.mark.parametrize("mode", ["snapshot", "delta"])
@pytest.mark.parametrize("chunk", [7, 1000])
def test_equals_plain_python(desk: Desk, mode: str, chunk: int) -> None:
    """Rows that are known, changed where it matters, changed elsewhere, new, and some without a value."""
    dice = random.Random(f"{mode}{chunk}")

    def some() -> dict[str, Any]:
        return {
            "net_amount": dice.choice([None, Decimal("10.00"), Decimal("11.00")]),
            "status_code": dice.choice(["open", "settled"]),
            "head_count": dice.choice([1, 2]),
        }

    before, now = {n: some() for n in range(300)}, {n: some() for n in range(150, 450)}
    desk.suite([rule("it", "expect_loaded_values_to_stay", "warning", **STAY)])
    desk.load([line(f"k{n}", **values) for n, values in before.items()])
    _, result = desk.gate([line(f"k{n}", **v) for n, v in now.items()], desk.ref(mode, **NO_LIMIT), chunk=chunk)
    changed = [
        n
        for n in before.keys() & now.keys()
        if any(None not in (a := (before[n][c], now[n][c])) and a[0] != a[1] for c in STAY["columns"])
    ]
    assert by_id(result)["it"].failed == len(changed) > 50


def test_nothing_loaded_is_nothing_to_compare_with(desk: Desk) -> None:
    desk.suite([rule("it", "expect_loaded_values_to_stay", **STAY)])
    desk.load([line("a", net_amount=Decimal(1))], source="other")
    found = by_id(desk.gate([line("a")])[1])["it"]
    assert (found.success, found.observed) == (
        None, "not evaluated: nothing is loaded that a row could replace",
    )  # fmt: skip


def test_personal_values_are_not_told(desk: Desk) -> None:
    desk.suite([rule("it", "expect_loaded_values_to_stay", group=["line_id"], columns=["contact_name"])])
    desk.load([line("a", contact_name="Front Desk")])
    delivery, _ = desk.gate([line("a"), line("b")], desk.ref("delta", **NO_LIMIT))
    query = "select value from quarantine.reject where delivery_id = :id"
    assert list(desk.rows(query, id=delivery.delivery_id)) == [("a: differs from what is loaded",)]


def test_it_reads_as_a_sentence() -> None:
    expectation = ExpectLoadedValuesToStay(group=["s", "i"], columns=["a"])
    (shown,) = expectation._prescriptive_renderer(configuration=expectation.configuration)
    text = Template(shown.string_template["template"]).substitute(shown.string_template["params"])
    assert text == "A row that is loaded under s, i must come again with the same a."


@pytest.mark.parametrize(
    ("kwargs", "why"),
    [
        ({**STAY, "group": ["journal_id"]}, "expected line_id, the contract's key"),
        ({**STAY, "group": ["line_id", "journal_id"]}, "expected line_id, the contract's key"),
        ({**STAY, "columns": ["line_id"]}, "line_id is in group"),
        ({**STAY, "columns": ["nobody"]}, "unknown column 'nobody'"),
        ({**STAY, "columns": []}, "at least 1 item"),
    ],
)
def test_refused(tmp_path: Path, kwargs: dict[str, Any], why: str) -> None:
    catalog = Catalog({c.feed: c for c in (LINES, PARENTS)}, {}, tmp_path)
    written = write_suite(tmp_path, [rule("it", "expect_loaded_values_to_stay", **kwargs)])
    (problem,) = check_suite(written, LINES, catalog=catalog)
    assert why in str(problem)
