"""Balances, sequences, near duplicates and habits in stock Great Expectations, on each engine, as brute force says."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from string import Template
from typing import Any

import pytest
from great_expectations.expectations.row_conditions import Column
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.validate.expectations import (
    ExpectAmountsNotToBeRound,
    ExpectDatesToBeOnWeekdays,
    ExpectDaysBetweenToBeAtMost,
    ExpectGroupsToAgree,
    ExpectGroupsToRollForward,
    ExpectNoNearDuplicates,
    ExpectPairsToBeUsual,
    ExpectSequencesToBeUnbroken,
)
from pipelines.validate.expectations.likeness import bare_number
from tests.unit.validate.engines import Judged, dirty_rows, judged_on, raised

Row = dict[str, Any]
ROWS = dirty_rows()
KIND_A = Column("kind") == "a"


judged = judged_on(ROWS)


def ids(rows: list[Row]) -> list[int]:
    return sorted(r["row_id"] for r in rows)


def groups(names: list[str], rows: list[Row] = ROWS) -> dict[Any, list[Row]]:
    found = defaultdict(list)
    for row in rows:
        if None not in (key := tuple(row[n] for n in names)):
            found[key].append(row)
    return found


def broken(names: list[str], fails: Callable[[list[Row]], bool], rows: list[Row] = ROWS) -> list[int]:
    return ids([r for group in groups(names, rows).values() if fails(group) for r in group])


def rolls_badly(group: list[Row]) -> bool:
    opening, closing = ({r[name] for r in group} for name in ("opening", "closing"))
    if None in opening | closing or len(opening) > 1 or len(closing) > 1:
        return True
    return opening.pop() + sum((r["signed"] or Decimal(0) for r in group), Decimal(0)) != closing.pop()


def test_balances_roll_forward(judged: Judged) -> None:
    names = {"opening": "opening", "amount": "signed", "closing": "closing"}
    expected = broken(["journal_id"], rolls_badly)
    assert 20 < len(expected) < 150
    assert judged.failing(ExpectGroupsToRollForward(group=["journal_id"], **names)) == expected
    only_a = broken(["journal_id"], rolls_badly, [r for r in ROWS if r["kind"] == "a"])
    assert judged.failing(ExpectGroupsToRollForward(group=["journal_id"], **names, row_condition=KIND_A)) == only_a


def test_groups_agree(judged: Judged) -> None:
    def several(group: list[Row]) -> bool:
        return any(len({r[c] for r in group} - {None}) > 1 for c in ("currency", "opening"))

    expected = broken(["journal_id"], several)
    assert 20 < len(expected) < 200
    assert judged.failing(ExpectGroupsToAgree(group=["journal_id"], columns=["currency", "opening"])) == expected


@pytest.mark.parametrize("balances", [True, False])
@pytest.mark.parametrize("dated", [True, False])
def test_sequences_are_unbroken(judged: Judged, dated: bool, balances: bool) -> None:
    if judged.name == "spark":
        pytest.skip("not offered on Spark")
    members = groups(["bank", "number", "day"] if dated else ["bank", "number"])
    order = sorted(members, key=lambda m: (m[0], m[2] if dated else date.min, m[1]))
    expected: list[Row] = []
    for before, now in itertools.pairwise(order):
        follows = now[1] == before[1] + 1 or (dated and now[1] == 1 and now[2].year > before[2].year)
        opening = min((r["opening"] for r in members[now] if r["opening"] is not None), default=None)
        closing = max(r["closing"] for r in members[before])
        if now[0] == before[0] and (not follows or (balances and opening is not None and opening != closing)):
            expected += members[now]
    assert len(expected) > 5
    more = {"opening": "opening", "closing": "closing"} if balances else {}
    date_of = {"date": "day"} if dated else {}
    assert judged.failing(ExpectSequencesToBeUnbroken(group=["bank"], number="number", **more, **date_of)) == ids(
        expected
    )


@pytest.mark.parametrize("days", [0, 7, 90])
def test_near_duplicates(judged: Judged, days: int) -> None:
    if judged.name == "spark":
        pytest.skip("not offered on Spark")
    known = [r for r in ROWS if r["employee"] is not None]

    def near(a: Row, b: Row) -> bool:
        same = all(a[n] == b[n] for n in ("bank", "paid"))
        return (
            same
            and bare_number(a["document"]) == bare_number(b["document"])
            and abs((a["day"] - b["day"]).days) <= days
        )

    found = {r["row_id"] for a, b in itertools.combinations(known, 2) if near(a, b) for r in (a, b)}
    assert len(found) > 2
    expectation = ExpectNoNearDuplicates(
        partner="bank", number="document", amount="paid", date="day", days=days,
        row_condition=Column("employee").is_not_null(),
    )  # fmt: skip
    assert judged.failing(expectation) == sorted(found)


def test_pairs_are_usual(judged: Judged) -> None:
    if judged.name == "spark":
        pytest.skip("not offered on Spark")
    pairs: dict[Any, set[tuple[str, str]]] = {}
    journals = groups(["journal_id"])
    for key, group in journals.items():
        debits, credits = ({r["account"] for r in group if r[side]} for side in ("debit", "credit"))
        pairs[key] = {(d, c) for d in debits for c in credits if d != c}
    times = Counter(p for found in pairs.values() for p in found)
    expected = ids([r for key, found in pairs.items() if any(times[p] < 4 for p in found) for r in journals[key]])
    assert 10 < len(expected) < 150
    names = {"group": ["journal_id"], "account": "account", "debit": "debit", "credit": "credit", "least": 4}
    assert judged.failing(ExpectPairsToBeUsual(**names, of=len(journals))) == expected
    assert judged.failing(ExpectPairsToBeUsual(**names, of=len(journals) + 1)) == []


def test_habits(judged: Judged) -> None:
    round_ones = [r for r in ROWS if r["paid"] and r["paid"] % 1000 == 0]
    assert judged.failing(ExpectAmountsNotToBeRound(column="paid", multiple=1000)) == ids(round_ones)
    assert judged.failing(ExpectAmountsNotToBeRound(column="net_float", multiple=1)) == ids(
        [r for r in ROWS if r["net"] is not None and r["net"] % 1 == 0]
    )
    weekends = [r for r in ROWS if r["entered"] is not None and r["entered"].weekday() > 4]
    assert judged.failing(ExpectDatesToBeOnWeekdays(column="entered")) == ids(weekends)
    for days in (-3, 0, 30):
        late = [r for r in ROWS if r["entered"] is not None and (r["entered"] - r["day"]).days > days]
        assert judged.failing(ExpectDaysBetweenToBeAtMost(column_A="entered", column_B="day", days=days)) == ids(late)
    assert 20 < len(round_ones) < 200 and 20 < len(weekends) < 200


@pytest.mark.parametrize(
    ("expectation", "sentence"),
    [
        (
            ExpectGroupsToRollForward(group=["s"], opening="o", amount="a", closing="e"),
            "In every group of s o + the sum of a must equal e, to the cent.",
        ),
        (ExpectGroupsToAgree(group=["s"], columns=["a", "b"]), "All rows of a group of s must repeat the same a, b."),
        (
            ExpectSequencesToBeUnbroken(group=["s"], number="n", date="d", opening="o", closing="e"),
            "In every group of s n must go on by one in the order of d, or start again with a year, and o must be "
            "the e before it.",
        ),
        (
            ExpectNoNearDuplicates(partner="p", number="n", amount="a", date="d"),
            "No two rows of one p may have the same a, nearly the same n, and d within 7 days.",
        ),
        (
            ExpectPairsToBeUsual(group=["j"], account="a", debit="d", credit="c"),
            "In every group of j each a with d and each with c must meet in at least 3 groups, once there are 200.",
        ),
        (
            ExpectAmountsNotToBeRound(column="a", multiple=1000, mostly=0.9),
            "Values of a must not be multiples of 1000, but for zero, for at least 90 % of the rows.",
        ),
        (ExpectDatesToBeOnWeekdays(column="d"), "Values of d must be days from Monday to Friday."),
        (ExpectDaysBetweenToBeAtMost(column_A="a", column_B="b", days=30), "A may be at most 30 days after b."),
    ],
)
def test_they_read_as_sentences(expectation: Any, sentence: str) -> None:
    (shown,) = expectation._prescriptive_renderer(configuration=expectation.configuration)
    said = Template(shown.string_template["template"]).substitute(shown.string_template["params"])
    assert said[0].upper() + said[1:] == sentence
    schema = type(expectation).schema()["properties"]["metadata"]["properties"]
    assert ("Spark" in schema["supported_data_sources"]["const"]) is (
        "Spark" in type(expectation).__doc__.split("Example")[0]
    )


@pytest.mark.spark
def test_on_spark_what_needs_other_rows_says_so(judged: Judged) -> None:
    if judged.name != "spark":
        pytest.skip("about Spark")
    outcome = judged.result(ExpectSequencesToBeUnbroken(group=["bank"], number="number"), "BASIC")
    assert "on Spark that is not offered" in raised(outcome)


@given(st.text(alphabet="RE-inv/ 0123456789éß№", min_size=1, max_size=12))
@settings(max_examples=300, deadline=None)
def test_a_bare_number_is_the_same_however_it_is_written(text: str) -> None:
    """Never empty, and blind to signs, case, zeros in front and a prefix of letters."""
    bare = bare_number(text)
    assert bare
    if re.search("[1-9]", text) and re.match("^[^A-Za-z]*[0-9]", text):
        for other in (f"RE-{text}", f"00{text}", text.replace("-", "/"), f" {text.lower()} "):
            assert bare_number(other) == bare
