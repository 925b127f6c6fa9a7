"""Our expectations in stock Great Expectations: the same dirty table on each engine, the same rows, as brute force."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from great_expectations.expectations.row_conditions import Column

from pipelines.validate.expectations import (
    ExpectAmountToBeSimilar,
    ExpectColumnProductToMatch,
    ExpectColumnsToAddUp,
    ExpectColumnValuesToBeInFeed,
    ExpectGroupsToBalance,
    ExpectGroupTotalToMatch,
    ExpectRowCountToBeSimilar,
)
from pipelines.validate.expectations.exact import pandas_units
from tests.unit.validate.engines import TABLE, Judged, dirty_rows, judged_on, raised

Row = dict[str, Any]
ROWS = dirty_rows()
KNOWN = [f"E{n}" for n in range(1, 30)]
KIND_A = Column("kind") == "a"


judged = judged_on(ROWS)


def _rows(fails: Callable[[Row], bool], rows: list[Row] = ROWS) -> list[int]:
    return sorted(r["row_id"] for r in rows if fails(r))


def _groups(names: list[str], fails: Callable[[list[Row]], bool], rows: list[Row] = ROWS) -> list[int]:
    groups = defaultdict(list)
    for row in rows:
        if None not in (key := tuple(row[n] for n in names)):
            groups[key].append(row)
    return sorted(r["row_id"] for group in groups.values() if fails(group) for r in group)


def _sum(group: list[Row], column: str) -> Decimal:
    return sum((r[column] or Decimal(0) for r in group), Decimal(0))


def _does_not_add_up(row: Row) -> bool:
    return None not in (row["net"], row["tax"]) and row["net"] + row["tax"] != row["gross"]


def _off(row: Row, step: str) -> bool:
    return abs(row["quantity"] * row["price"] - row["value"]) > row["quantity"] * Decimal(step) / 2 + Decimal("0.005")


def _wrong_header(group: list[Row]) -> bool:
    return {r["header"] for r in group} != {_sum(group, "net")}


def test_the_table_is_dirty_enough() -> None:
    assert len(ROWS) >= 240
    for fails in (_does_not_add_up, lambda r: _off(r, "0.0001")):
        assert 20 < len(_rows(fails)) < 120
    for broken in (_wrong_header, lambda g: _sum(g, "debit") != _sum(g, "credit")):
        assert 20 < len(_groups(["journal_id"], broken)) < 120


def test_columns_add_up(judged: Judged) -> None:
    expected = _rows(_does_not_add_up)
    exact = {"columns": ["net", "tax"], "total": "gross"}
    assert judged.failing(ExpectColumnsToAddUp(**exact)) == expected
    kind_a = _rows(lambda r: r["kind"] == "a" and _does_not_add_up(r))
    assert judged.failing(ExpectColumnsToAddUp(**exact, row_condition=KIND_A)) == kind_a
    taken_off = _rows(lambda r: None not in (r["net"], r["tax"]) and r["gross"] - r["tax"] != r["net"])
    assert judged.failing(ExpectColumnsToAddUp(columns=["gross"], minus=["tax"], total="net")) == taken_off == expected
    floats = {"columns": ["net_float", "tax_float"], "total": "gross_float"}
    assert judged.failing(ExpectColumnsToAddUp(**floats)) == expected
    assert judged.failing(ExpectColumnsToAddUp(**floats, decimals=2)) == expected


def test_rounding_first_forgives_what_is_smaller(judged: Judged) -> None:
    whole = _rows(
        lambda r: None not in (r["net"], r["tax"]) and _round(r["net"]) + _round(r["tax"]) != _round(r["gross"])
    )
    expectation = ExpectColumnsToAddUp(columns=["net", "tax"], total="gross", decimals=0)
    assert judged.failing(expectation) == whole
    assert whole != _rows(_does_not_add_up)


def _round(value: Decimal) -> Decimal:
    return value.quantize(Decimal(1), "ROUND_HALF_UP")


def test_product_matches(judged: Judged) -> None:
    arguments = {"factors": ["quantity", "price"], "total": "value"}
    assert judged.failing(ExpectColumnProductToMatch(**arguments, price_step=0.0001)) == _rows(
        lambda r: _off(r, "0.0001")
    )
    assert judged.failing(ExpectColumnProductToMatch(**arguments)) == _rows(lambda r: _off(r, "0.01"))


def test_groups_balance(judged: Judged) -> None:
    pair = {"debit": "debit", "credit": "credit"}
    expected = _groups(["journal_id"], lambda g: _sum(g, "debit") != _sum(g, "credit"))
    assert judged.failing(ExpectGroupsToBalance(group=["journal_id"], **pair)) == expected
    both = ["journal_id", "currency"]
    assert judged.failing(ExpectGroupsToBalance(group=both, amount="signed")) == _groups(
        both, lambda g: bool(_sum(g, "signed"))
    )
    only_a = [r for r in ROWS if r["kind"] == "a"]
    expected = _groups(["journal_id"], lambda g: bool(_sum(g, "signed")), only_a)
    assert (
        judged.failing(ExpectGroupsToBalance(group=["journal_id"], amount="signed", row_condition=KIND_A)) == expected
    )


def test_the_whole_balances_or_every_row_fails(judged: Judged) -> None:
    assert _sum(ROWS, "signed") != 0
    assert judged.failing(ExpectGroupsToBalance(amount="signed")) == _rows(lambda r: r["signed"] is not None)
    pair = _rows(lambda r: r["debit"] is not None or r["credit"] is not None)
    assert judged.failing(ExpectGroupsToBalance(debit="debit", credit="credit")) == pair
    assert judged.failing(ExpectGroupsToBalance(debit="gross", credit="gross_float")) == []


def test_group_totals_match(judged: Judged) -> None:
    arguments = {"group": ["journal_id"], "amount": "net", "total": "header"}
    expected = _groups(["journal_id"], _wrong_header)
    assert judged.failing(ExpectGroupTotalToMatch(**arguments)) == expected
    counted = _groups(["journal_id"], lambda g: _wrong_header(g) or any(r["lines"] != len(g) for r in g))
    assert judged.failing(ExpectGroupTotalToMatch(**arguments, count="lines")) == counted
    assert counted != expected


def test_a_header_elsewhere_is_for_the_gate(judged: Judged) -> None:
    elsewhere = ExpectGroupTotalToMatch(
        group=["journal_id"], amount="net", total_of="ledgers.journals.amount", reference={"journal_id": "journal_id"}
    )
    outcome = judged.result(elsewhere, "BASIC")
    assert outcome["success"] is False
    assert "only the gate can look up" in raised(outcome) and "name that column in `total`" in raised(outcome)


def test_values_in_feed(judged: Judged) -> None:
    arguments = {"column": "employee", "feed": "people.employees", "feed_column": "employee_id"}
    expected = _rows(lambda r: r["employee"] is not None and r["employee"] not in KNOWN)
    assert judged.failing(ExpectColumnValuesToBeInFeed(**arguments, known_values=KNOWN)) == expected
    tolerant = judged.result(ExpectColumnValuesToBeInFeed(**arguments, known_values=KNOWN, mostly=0.5), "BASIC")
    assert tolerant["success"] is True and tolerant["result"]["unexpected_count"] == len(expected)
    outcome = judged.result(ExpectColumnValuesToBeInFeed(**arguments), "BASIC")
    assert outcome["success"] is False and "name the values in `known_values`" in raised(outcome)


def test_values_in_a_table_of_postgresql(judged: Judged) -> None:
    if judged.name != "postgresql":
        pytest.skip("a table can be looked into on PostgreSQL only")
    with judged._engine.engine.begin() as conn:
        conn.execute(sa.text("create table if not exists work.staff (employee text, is_current boolean, desk text)"))
        people = [{"e": f"E{n}", "c": n != 5, "d": None if n == 6 else "D"} for n in range(1, 30)]
        people.append({"e": None, "c": True, "d": "D"})
        conn.execute(sa.text("insert into work.staff values (:e, :c, :d)"), people)
    arguments = {
        "column": "employee",
        "feed": "people.employees",
        "feed_column": "employee",
        "feed_table": "work.staff",
    }
    expected = _rows(lambda r: r["employee"] is not None and r["employee"] not in KNOWN)
    assert judged.failing(ExpectColumnValuesToBeInFeed(**arguments)) == expected
    current = ExpectColumnValuesToBeInFeed(**arguments, where={"is_current": True})
    assert judged.failing(current) == sorted(expected + _rows(lambda r: r["employee"] == "E5"))
    seated, standing = ExpectColumnValuesToBeInFeed(**arguments, given=["desk"]), _rows(lambda r: r["employee"] == "E6")
    assert standing and judged.failing(seated) == sorted(expected + standing)
    assert TABLE.startswith("work.")


def test_row_count_is_similar(judged: Judged) -> None:
    for before, success in ((len(ROWS), True), (len(ROWS) * 2, False)):
        outcome = judged.result(ExpectRowCountToBeSimilar(max_change_pct=10, before=before), "BASIC")
        assert (outcome["success"], outcome["result"]["observed_value"]) == (success, len(ROWS))
    outcome = judged.result(ExpectRowCountToBeSimilar(max_change_pct=10), "BASIC")
    assert outcome["success"] is False and "say in `before` what it was" in raised(outcome)


def test_amount_is_similar_in_each_currency(judged: Judged) -> None:
    now = {c: _sum([r for r in ROWS if (r["currency"] or "") == c], "net") for c in ("", "EUR", "GBP")}
    arguments = {"column": "net", "max_change_pct": 1, "currency_column": "currency"}
    outcome = judged.result(ExpectAmountToBeSimilar(**arguments, before=now), "BASIC")
    assert outcome["success"] is True
    assert {c["currency"]: Decimal(c["now"]) for c in outcome["result"]["details"]["compared"]} == now
    grown = {**now, "GBP": now["GBP"] * 2}
    assert judged.result(ExpectAmountToBeSimilar(**arguments, before=grown), "BASIC")["success"] is False
    assert judged.result(ExpectAmountToBeSimilar(**arguments, before=grown, currency="EUR"), "BASIC")["success"] is True
    gone = judged.result(ExpectAmountToBeSimilar(**arguments, before={**now, "CHF": 1}), "BASIC")
    assert gone["success"] is False and gone["result"]["observed_value"] == 100.0
    total = ExpectAmountToBeSimilar(column="net_float", max_change_pct=1, decimals=2, before=_sum(ROWS, "net"))
    (compared,) = judged.result(total, "BASIC")["result"]["details"]["compared"]
    assert Decimal(compared["now"]) == _sum(ROWS, "net")


def test_exact_numbers_of_pandas() -> None:
    frame = pd.DataFrame({"a": [0.1, float("nan"), 1e15], "b": [Decimal("0.2"), None, Decimal(10) ** 30]}, dtype=object)
    units = pandas_units(frame, ["a", "b"], None)
    assert (units["a"] + units["b"]).tolist() == [3, 0, 10**16 + 10**31]
    halves = pd.DataFrame({"a": [0.125, -0.125, 2.675]})
    assert pandas_units(halves, ["a"], 2)["a"].tolist() == [13, -13, 268]
    assert pandas_units(pd.DataFrame({"a": [float("inf")]}), ["a"], None)["a"].tolist() == [float("inf")]
    with pytest.raises(TypeError, match="column a holds str, not numbers"):
        pandas_units(pd.DataFrame({"a": ["1,00"]}), ["a"], None)


def test_groups_balance_in_what_counts_instead_and_in_one_currency_only(judged: Judged) -> None:
    """`kind` stands in for the currency where it is empty, `net` for the debit."""
    instead = {"currency": "kind", "debit": "net"}
    rows = [
        {**r, "currency": r["currency"] or r["kind"], "debit": r["net"] if r["debit"] is None else r["debit"]}
        for r in ROWS
    ]
    both = ["journal_id", "currency"]
    arguments = {"group": both, "debit": "debit", "credit": "credit", "instead": instead}
    expected = _groups(both, lambda g: _sum(g, "debit") != _sum(g, "credit"), rows)
    assert judged.failing(ExpectGroupsToBalance(**arguments)) == expected
    single = [
        g for g in {r["journal_id"] for r in rows} if len({r["currency"] for r in rows if r["journal_id"] == g}) == 1
    ]
    alone = [n for n in expected if next(r for r in rows if r["row_id"] == n)["journal_id"] in single]
    assert judged.failing(ExpectGroupsToBalance(**arguments, unless_several="currency")) == alone
    assert 20 < len(alone) < len(expected)
