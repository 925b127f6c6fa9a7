"""Units, ratios, codes with their country and discounts on each engine, beside plain Python; orders without lines."""

# ruff: noqa: E501 (one sample a line reads better)

from __future__ import annotations

import random
import re
from collections.abc import Callable
from decimal import Decimal
from string import Template
from typing import Any

import pytest
import sqlalchemy as sa
from great_expectations.expectations.row_conditions import Column

from pipelines.delivery import Verdict
from pipelines.settings import ROOT
from pipelines.validate.expectations import (
    ExpectColumnProductToMatch,
    ExpectColumnRatioToBeBetween,
    ExpectFeedRowsToOccur,
    ExpectUnitsToBeKnown,
    ExpectValuesToStartWith,
)
from pipelines.validate.expectations.units import unit_codes
from pipelines.validate.suites import check_suite
from tests.unit.validate.conftest import ADDS_UP, LINES, Desk, by_id, line, rule, where, write_suite
from tests.unit.validate.engines import Judged, dirty_rows, judged_on, raised

Row = dict[str, Any]
UNITS = {
    "KGM": True,
    "XCT": True,
    "C62": True,
    "NMB": True,
    "KG": False,
    "kgm": False,
    "CT": False,
    "Stk": False,
    "": False,
    None: True,
}
"""A unit as a file may write it → whether it passes."""


def rows_of_sales() -> list[Row]:
    """The dirty table with units, UN/LOCODEs and countries, discounts, and what was shipped of a quantity."""
    rng = random.Random(11)
    rows = dirty_rows()
    for row in rows:
        country = rng.choice(["DE", "DK", "NL"])
        off = rng.choice([None, 0, 5, 10, 33, 100])
        exact = row["quantity"] * row["price"] * (100 - (off or 0)) / 100
        row |= {
            "kind": rng.choice([*UNITS]), "bank": rng.choice([country, country, None]), "number": off,
            "account": rng.choice([f"{country}HAM", "DKCPH", None]), "opening": rng.choice([None, Decimal(0), Decimal(5)]),
            "value": (exact + rng.choice([0, 0, Decimal("0.50"), row["quantity"]])).quantize(Decimal("0.01")),
            "lines": rng.choice([0, 50, 100]), "closing": rng.choice([None, Decimal(0), Decimal(100), Decimal(110), Decimal("110.01")]),
        }  # fmt: skip
    return rows


ROWS = rows_of_sales()


judged = judged_on(ROWS)


def _rows(fails: Callable[[Row], bool]) -> list[int]:
    found = sorted(r["row_id"] for r in ROWS if fails(r))
    assert 5 < len(found) < len(ROWS) - 5  # else the comparison would prove little
    return found


# -- units ------------------------------------------------------------------------------------------------
def test_the_list_of_units_is_whole() -> None:
    """1,756 codes in force of Recommendation 20, 406 packages of Recommendation 21, and one that is still written."""
    codes = unit_codes()
    packages = {c for c in codes if re.fullmatch("X[0-9A-Z]{2}", c)}
    assert (len(codes), len(packages)) == (1756 + 406 + 1, 406)
    assert all(re.fullmatch("[0-9A-Z]{2,3}", c) for c in codes)


def test_every_unit_that_is_converted_is_known() -> None:
    macro = (ROOT / "sql" / "macros" / "units.sql").read_text(encoding="utf-8")
    converted = set(re.findall(r"'([0-9A-Z]{2,3})': '[0-9.]+'", macro))
    assert len(converted) > 40 and converted <= unit_codes()


def test_units(judged: Judged) -> None:
    assert judged.failing(ExpectUnitsToBeKnown(column="kind")) == _rows(lambda r: not UNITS[r["kind"]])
    euros = ExpectUnitsToBeKnown(column="kind", row_condition=Column("currency") == "GBP")
    assert judged.failing(euros) == _rows(lambda r: r["currency"] == "GBP" and not UNITS[r["kind"]])


def test_what_another_feed_declares_is_known_to_the_gate_only(judged: Judged) -> None:
    places = [{"feed": "tests.parents", "match": {"kind": "parent_id"}}]
    said = raised(judged.result(ExpectUnitsToBeKnown(column="kind", or_in=places)))
    assert "what is in tests.parents is known to the gate only" in said


@pytest.mark.parametrize(
    ("or_in", "said"),
    [
        ([{"feed": "tests.parents"}], "feed and match"),
        ([{"feed": "parents", "match": {"kind": "parent_id"}}], "expected domain.feed"),
        ([{"feed": "tests.parents", "match": {"other": "parent_id"}}], "that of the unit included"),
    ],
)
def test_places_of_units_are_whole(or_in: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ExpectUnitsToBeKnown(column="kind", or_in=or_in)


UNIT_RULE = {"column": "journal_id"}
DECLARED = {**UNIT_RULE, "or_in": [{"feed": "tests.parents", "match": {"journal_id": "parent_id"}}]}
IN_UNITS = [
    line("a", journal_id="KGM"),
    line("b", journal_id="PALETTE"),
    line("c", journal_id="KG"),
    line("d"),
    line("e", journal_id="SACK"),
]
MANY = [*IN_UNITS, *(line(f"g{i}", journal_id="C62") for i in range(100))]


def _parents(desk: Desk, *keys: str, client: str | None = None, source: str = "main", known_to: str = "null") -> None:
    with desk.warehouse.transaction() as conn:
        for key in keys:
            conn.execute(
                sa.text(
                    "insert into core.tests_parents (client_id, _source, _period, parent_id, _delivery_id, _row_number, "
                    "_row_part, _row_hash, _known_from, _known_to) values (:client, :source, '', :key, 0, 1, 0, "
                    f"gen_random_uuid(), now() - interval '1 day', {known_to})"
                ),
                {"client": client or desk.client, "key": key, "source": source},
            )


@pytest.mark.parametrize("delivers", [True, False])
def test_signs_that_the_client_declares_count(desk: Desk, delivers: bool) -> None:
    """Those of now, and its own; where the other feed is not delivered, the list alone counts."""
    desk.delivers(LINES.feed, *(["tests.parents"] if delivers else []))
    _parents(desk, "PALETTE")
    _parents(desk, "SACK", client=f"not_{desk.client}")
    _parents(desk, "KG", known_to="now()")
    desk.suite([ADDS_UP, rule("unit", "expect_units_to_be_known", **DECLARED)])
    delivery, result = desk.gate(MANY)
    unknown = [4, 6] if delivers else [3, 4, 6]
    assert desk.rejects(delivery) == {"unit": unknown}
    outcome = by_id(result)["unit"]
    assert (outcome.evaluated, outcome.failed, outcome.column_name) == (104, len(unknown), "journal_id")


def test_the_gate_agrees_with_and_without_places(desk: Desk) -> None:
    """One rule is judged while rows stream, the other by SQL; where nobody declares anything they are the same."""
    desk.delivers(LINES.feed, "tests.parents")
    desk.suite(
        [
            rule("listed", "expect_units_to_be_known", "warning", **UNIT_RULE),
            rule("declared", "expect_units_to_be_known", "warning", **DECLARED),
        ]
    )
    _, result = desk.gate(MANY)
    found = by_id(result)
    assert found["listed"].failed == found["declared"].failed == 3
    assert [s["values"] for s in found["listed"].samples] == [{"journal_id": v} for v in ("PALETTE", "KG", "SACK")]


def test_places_are_compared_with_the_contract(desk: Desk) -> None:
    unknown = {**UNIT_RULE, "or_in": [{"feed": "tests.parents", "match": {"journal_id": "unit_code"}}]}
    path = write_suite(desk.folder, [rule("unit", "expect_units_to_be_known", **unknown)])
    assert "tests.parents has no column 'unit_code'" in check_suite(path, LINES, catalog=desk.catalog)[0]
    path = write_suite(desk.folder, [rule("unit", "expect_units_to_be_known", column="booked_date")])
    assert check_suite(path, LINES, catalog=desk.catalog)[0].endswith("column booked_date is date, not a text")


# -- ratios, starts, discounts ----------------------------------------------------------------------------
def _ratio(row: Row, *plus: str) -> Decimal | None:
    if row["closing"] is None or not row["lines"]:
        return None
    return (row["closing"] + sum((row[c] or Decimal(0) for c in plus), Decimal(0))) / row["lines"]


def test_ratios(judged: Judged) -> None:
    pair = {"numerator": "closing", "denominator": "lines"}
    most = Decimal("1.1")
    above = _rows(lambda r: (q := _ratio(r)) is not None and q > most)
    assert judged.failing(ExpectColumnRatioToBeBetween(**pair, max_value=1.1)) == above
    both = _rows(lambda r: (q := _ratio(r)) is not None and not 1 <= q <= most)
    assert judged.failing(ExpectColumnRatioToBeBetween(**pair, min_value=1, max_value=1.1)) == both
    plus = _rows(lambda r: (q := _ratio(r, "opening")) is not None and q > most)
    assert judged.failing(ExpectColumnRatioToBeBetween(**pair, plus=["opening"], max_value=1.1)) == plus
    assert set(above) < set(plus)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"numerator": "a", "denominator": "b"}, "name a bound"),
        ({"numerator": "a", "denominator": "a", "max_value": 1}, "divided by itself"),
        ({"numerator": "a", "denominator": "b", "min_value": 2, "max_value": 1}, "above max_value"),
    ],
)
def test_ratios_need_a_bound_and_two_columns(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ExpectColumnRatioToBeBetween(**arguments)


def test_codes_start_with_their_country(judged: Judged) -> None:
    expected = _rows(lambda r: None not in (r["account"], r["bank"]) and not r["account"].startswith(r["bank"]))
    assert judged.failing(ExpectValuesToStartWith(column="account", start="bank")) == expected
    with pytest.raises(ValueError, match="both 'bank'"):
        ExpectValuesToStartWith(column="bank", start="bank")


def test_discounts_are_taken_off(judged: Judged) -> None:
    arguments = {"factors": ["quantity", "price"], "total": "value", "price_step": 0}

    def off(row: Row, less: Decimal) -> bool:
        return abs(row["quantity"] * row["price"] * (100 - less) / 100 - row["value"]) > Decimal("0.005")

    expected = _rows(lambda r: off(r, Decimal(r["number"] or 0)))
    # rounding to cents is off by at most half a cent
    assert judged.failing(ExpectColumnProductToMatch(**arguments, less_pct="number")) == expected
    assert judged.failing(ExpectColumnProductToMatch(**arguments)) == _rows(lambda r: off(r, Decimal(0))) != expected


# -- heads without lines ----------------------------------------------------------------------------------
COVERED = {"feed": "tests.parents", "match": {"journal_id": "parent_id"}}
OF_P1 = [*(line(f"g{i}") for i in range(20)), line("a", journal_id="p1"), line("b", journal_id="p1")]


def _covered(desk: Desk, **more: Any) -> None:
    desk.delivers(LINES.feed, "tests.parents")
    desk.suite([ADDS_UP, rule("covered", "expect_feed_rows_to_occur", **{"severity": "warning", **COVERED, **more})])


def test_a_head_without_lines_is_named(desk: Desk) -> None:
    _covered(desk)
    _parents(desk, "p1", "p2", "p3")
    _parents(desk, "gone", known_to="now()")
    _parents(desk, "theirs", client=f"not_{desk.client}")
    _, result = desk.gate(OF_P1)
    outcome = by_id(result)["covered"]
    assert (outcome.success, outcome.observed) == (False, "2 of 3 rows of tests.parents: p2, p3")
    assert result.verdict is Verdict.PASS
    _, result = desk.gate([*OF_P1, line("c", journal_id="p2"), line("d", journal_id="p3", gross_amount=Decimal(1))])
    outcome = by_id(result)["covered"]
    assert (outcome.success, outcome.observed) == (True, "0 of 3 rows of tests.parents")  # a rejected line is there


def test_a_critical_one_holds_and_many_are_not_all_named(desk: Desk) -> None:
    _covered(desk, severity="critical")
    _parents(desk, *(f"p{n}" for n in range(1, 7)))
    _, result = desk.gate(OF_P1)
    assert result.verdict is Verdict.HOLD
    assert by_id(result)["covered"].observed == "5 of 6 rows of tests.parents: p2, p3, p4, …"


def test_lines_that_stay_count_and_those_replaced_do_not(desk: Desk) -> None:
    _covered(desk)
    _parents(desk, "p1", "p2")
    desk.load([line("old", journal_id="p2")])
    assert by_id(desk.gate(OF_P1)[1])["covered"].success is False  # the list replaces what it does not bring
    assert by_id(desk.gate(OF_P1, desk.ref("delta"))[1])["covered"].success is True
    desk.load([line("other", journal_id="p2")], source="other")
    assert by_id(desk.gate(OF_P1)[1])["covered"].success is True


def test_heads_of_another_source_may_still_get_their_lines(desk: Desk) -> None:
    _covered(desk)
    _parents(desk, "p9", source="shop")
    assert by_id(desk.gate(OF_P1)[1])["covered"].success is False  # no heads come under the name of the lines
    _parents(desk, "p1")
    assert by_id(desk.gate(OF_P1)[1])["covered"].success is True


def test_nothing_to_compare_with_is_not_a_pass(desk: Desk) -> None:
    _covered(desk)
    outcome = by_id(desk.gate(OF_P1)[1])["covered"]
    assert (outcome.success, outcome.observed) == (None, "not evaluated: no row of tests.parents came so far")
    desk.delivers(LINES.feed)
    _parents(desk, "p2")
    outcome = by_id(desk.gate(OF_P1)[1])["covered"]
    assert outcome.observed == f"not evaluated: {desk.client} delivers no tests.parents"


def test_rows_of_a_condition_only(desk: Desk) -> None:
    _covered(desk, row_condition=where("status_code", "==", "settled"))
    _parents(desk, "p1")
    assert by_id(desk.gate(OF_P1)[1])["covered"].success is False
    settled = line("c", journal_id="p1", status_code="settled")
    assert by_id(desk.gate([*OF_P1, settled])[1])["covered"].success is True


@pytest.mark.parametrize(
    ("expectation", "sentence"),
    [
        (
            ExpectUnitsToBeKnown(column="u", or_in=[{"feed": "f.g", "match": {"u": "v"}}]),
            "Values of u must be units of UN/CEFACT Recommendation 20, or signs that f.g declares.",
        ),
        (
            ExpectColumnRatioToBeBetween(numerator="a", plus=["c"], denominator="b", min_value=0.5, max_value=2),
            "(a + c) / b must be at least 0.5 and at most 2.",
        ),
        (ExpectValuesToStartWith(column="a", start="b", mostly=0.9), "Values of a must begin with b, for at least 90 % of the rows."),
        (
            ExpectColumnProductToMatch(factors=["q", "p"], total="t", less_pct="d"),
            "Q × p, less d %, must give t; the price may be rounded to steps of 0.01.",
        ),
        (
            ExpectFeedRowsToOccur(feed="f.g", match={"a": "b"}, where={"s": ["x", None]}),
            "Each row of f.g (b) where s = x or none must occur in a.",
        ),
    ],
)  # fmt: skip
def test_they_read_as_sentences(expectation: Any, sentence: str) -> None:
    (shown,) = expectation._prescriptive_renderer(configuration=expectation.configuration)
    template, params = shown.string_template["template"], shown.string_template["params"]
    said = Template(template).substitute(params)
    assert said[0].upper() + said[1:] == sentence
