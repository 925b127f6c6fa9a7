"""Balances, sequences, near duplicates and unusual pairs in the gate: in a delivery, and beside what core has."""

# ruff: noqa: E501 (one sample a line reads better)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from pipelines.catalog import Catalog
from pipelines.delivery import Delivery, Verdict
from pipelines.validate.suites import check_suite
from pipelines.warehouse import known_rows
from tests.unit.validate.conftest import (
    ADDS_UP,
    LINES,
    PARENTS,
    Desk,
    Line,
    by_id,
    line,
    rule,
    where,
    write_suite,
)
from tests.unit.validate.engines import dirty_rows

FINE = [line(f"g{i}") for i in range(100)]
ROLL = {
    "group": ["journal_id", "currency_code"],
    "opening": "tax_amount",
    "amount": "net_amount",
    "closing": "gross_amount",
}
SEQUENCE = {"group": ["parent_id"], "number": "head_count", "opening": "tax_amount", "closing": "gross_amount"}
NEAR = {"partner": "parent_id", "number": "journal_id", "amount": "gross_amount", "date": "booked_date"}
PAIRS = {"group": ["journal_id"], "account": "parent_id", "debit": "net_amount", "credit": "gross_amount", "of": 5}
ANY = {"max_rejects": {"pct": 100}}


def said(desk: Desk, delivery: Delivery, name: str = "it") -> dict[int, str]:
    """Row number → what the reject says of it."""
    query = "select row_number, value from quarantine.reject where delivery_id = :id and rule_id = :rule"
    return dict(desk.rows(query, id=delivery.delivery_id, rule=f"{LINES.feed}.{name}"))  # type: ignore[arg-type]


def in_core(desk: Desk, lines: Sequence[Line], source: str = "main") -> None:
    """Rows as an earlier load would have left them, with all that the rules read."""
    names = ("line_id", "parent_id", "journal_id", "head_count", "net_amount", "tax_amount", "gross_amount",
             "currency_code", "booked_date", "status_code")  # fmt: skip
    places = ", ".join(f":{n}" for n in names)
    statement = sa.text(
        f"insert into core.tests_lines (client_id, _source, _period, {', '.join(names)}, _delivery_id, _row_number, "
        f"_row_part, _row_hash, _known_from) values (:client, :source, '', {places}, 0, 1, 0, cast(:hash as uuid), now())"
    )
    with desk.warehouse.transaction() as conn:
        for row in lines:
            conn.execute(statement, {"client": desk.client, "source": source, "hash": row.hash, **row.business})


def amounts(opening: str | None, moved: str | None, closing: str | None) -> dict[str, Any]:
    made = (None if v is None else Decimal(v) for v in (opening, moved, closing))
    return dict(zip(("tax_amount", "net_amount", "gross_amount"), made, strict=True))


# -- balances ---------------------------------------------------------------------------------------------


def statement(name: str, *lines: tuple[str | None, str | None, str | None], **more: Any) -> list[Line]:
    return [line(f"{name}-{n}", journal_id=name, **amounts(*given), **more) for n, given in enumerate(lines)]


def test_a_statement_that_does_not_roll_forward_is_rejected_whole(desk: Desk) -> None:
    desk.suite([rule("it", "expect_groups_to_roll_forward", **ROLL)])
    lines = [
        *FINE,
        *statement("s1", ("100.00", "25.00", "90.00"), ("100.00", "-35.00", "90.00")),
        *statement("s2", ("100.00", "0.10", "100.31"), ("100.00", "0.20", "100.31")),
        *statement("s3", ("100.00", "5.00", "110.00"), ("100.00", "5.00", None)),
        *statement("s4", ("100.00", "5.00", "110.00"), ("100.01", "5.00", "110.00")),
        *statement("s5", ("-7.00", None, "-7.00")),
    ]  # fmt: skip
    delivery, result = desk.gate(lines, desk.ref(**ANY), chunk=7)
    assert said(desk, delivery) == {
        104: "s2 / EUR: opening 100.00, movements 0.30, closing 100.31", 105: "s2 / EUR: opening 100.00, movements 0.30, closing 100.31",
        106: "s3 / EUR: opening 100.00, movements 10.00, closing 110.00 or missing", 107: "s3 / EUR: opening 100.00, movements 10.00, closing 110.00 or missing",
        108: "s4 / EUR: opening 100.00 to 100.01, movements 10.00, closing 110.00", 109: "s4 / EUR: opening 100.00 to 100.01, movements 10.00, closing 110.00",
    }  # fmt: skip
    assert (by_id(result)["it"].evaluated, by_id(result)["it"].failed) == (9, 6)
    causes = desk.rows(
        "select distinct cause_code, column_name from quarantine.reject where delivery_id = :id",
        id=delivery.delivery_id,
    )
    assert causes == [("does_not_add_up", "gross_amount")]


def test_rolling_forward_equals_brute_force(desk: Desk) -> None:
    desk.suite([rule("it", "expect_groups_to_roll_forward", "warning", **ROLL)])
    rows = dirty_rows()
    lines = [
        line(str(r["row_id"]), journal_id=r["journal_id"], tax_amount=r["opening"], net_amount=r["signed"], gross_amount=r["closing"])
        for r in rows
    ]  # fmt: skip
    found = 0
    for journal in {r["journal_id"] for r in rows if r["journal_id"]}:
        group = [r for r in rows if r["journal_id"] == journal]
        ends = {(r["opening"], r["closing"]) for r in group}
        opening, closing = ends.pop()
        if ends or None in (opening, closing) or opening + sum(r["signed"] or 0 for r in group) != closing:
            found += len(group)
    assert by_id(desk.gate(lines, chunk=50)[1])["it"].failed == found > 20


def test_one_currency_per_statement(desk: Desk) -> None:
    desk.suite([rule("it", "expect_groups_to_agree", group=["journal_id"], columns=["currency_code", "head_count"])])
    rest = ("0.00", "1.00", "2.00")
    lines = [
        *FINE, *statement("s1", rest, rest), line("a", journal_id="s2"), line("b", journal_id="s2", currency_code="GBP"),
        line("c", journal_id="s3", head_count=None), line("d", journal_id="s3", head_count=7),
        line("e", journal_id="s4", head_count=8), line("f", journal_id="s4", head_count=7), line("g", currency_code="CHF"),
    ]  # fmt: skip
    delivery, result = desk.gate(lines, desk.ref(**ANY))
    apart, counted = "s2: currency_code EUR and GBP", "s4: head_count 7 and 8"
    assert said(desk, delivery) == {104: apart, 105: apart, 108: counted, 109: counted}
    assert by_id(result)["it"].evaluated == 8


# -- sequences --------------------------------------------------------------------------------------------


def numbered(bank: str, number: int | None, opening: str, closing: str, **more: Any) -> Line:
    return line(
        f"{bank}-{number}-{more.pop('part', 0)}",
        parent_id=bank,
        head_count=number,
        **amounts(opening, "0.00", closing),
        **more,
    )


def test_numbers_go_on_by_one_and_balances_are_carried_on(desk: Desk) -> None:
    desk.suite([rule("it", "expect_sequences_to_be_unbroken", **SEQUENCE)])
    lines = [
        *FINE,
        numbered("b1", 1, "0", "10"), numbered("b1", 2, "10", "20"), numbered("b1", 2, "10", "20", part=1), numbered("b1", 3, "21", "30"),
        numbered("b2", 7, "0", "10"), numbered("b2", 9, "10", "20"), numbered("b2", 9, "10", "20", part=1), numbered("b2", 10, "20", "30"),
        numbered("b3", 1, "0", "10"), numbered("b3", None, "77", "78"),
    ]  # fmt: skip
    delivery, result = desk.gate(lines, desk.ref(**ANY), chunk=3)
    gap = "b2 / 9: follows 7"
    assert said(desk, delivery) == {105: "b1 / 3: opens with 21.00, 2 closed with 20.00", 107: gap, 108: gap}
    assert by_id(result)["it"].evaluated == 9


def test_numbers_may_start_again_with_a_year(desk: Desk) -> None:
    days = [date(2025, 12, 30), date(2026, 1, 2), date(2026, 1, 5), date(2027, 1, 4)]
    lines = [
        *FINE,
        *(numbered("b1", n, "0", "0", booked_date=d, part=d.year) for n, d in zip((251, 1, 2, 2), days, strict=True)),
    ]
    by_date = {**SEQUENCE, "date": "booked_date"}
    desk.suite([rule("it", "expect_sequences_to_be_unbroken", **by_date)])
    assert said(desk, desk.gate(lines)[0]) == {105: "b1 / 2: follows 2"}


def test_statements_follow_what_is_current(desk: Desk) -> None:
    """In a delta every earlier statement stands; a snapshot replaces those of its scope, and only those."""
    desk.suite([rule("it", "expect_sequences_to_be_unbroken", **SEQUENCE)])
    in_core(desk, [numbered("b1", 4, "0", "10"), numbered("b1", 5, "10", "20"), numbered("b2", 1, "0", "5")])
    in_core(desk, [numbered("b3", 1, "0", "1")], source="other")
    late = [
        numbered("b1", 7, "20", "30"),
        numbered("b2", 2, "6", "7"),
        numbered("b3", 3, "1", "2"),
        numbered("b4", 9, "0", "1"),
    ]
    delivery, _ = desk.gate([*FINE, *late], desk.ref("delta"))
    assert said(desk, delivery) == {
        102: "b1 / 7: follows 5", 103: "b2 / 2: opens with 6.00, 1 closed with 5.00", 104: "b3 / 3: follows 1",
    }  # fmt: skip
    whole, _ = desk.gate([*FINE, *late], desk.ref("snapshot", max_closed_pct=100))
    assert said(desk, whole) == {104: "b3 / 3: follows 1"}
    again = numbered("b1", 5, "10", "25")  # a new version of a statement counts instead of the old one
    delivery, _ = desk.gate([*FINE, again, numbered("b1", 6, "20", "30")], desk.ref("delta"))
    assert said(desk, delivery) == {103: "b1 / 6: opens with 20.00, 5 closed with 25.00"}


def test_a_statement_set_aside_breaks_no_sequence_over_received_rows(desk: Desk) -> None:
    sequence = rule("it", "expect_sequences_to_be_unbroken", kontor={"over": "received"}, **SEQUENCE)
    desk.suite([sequence])
    lines = [
        *FINE,
        numbered("b1", 1, "0", "1"),
        numbered("b1", 2, "1", "2", booked_date=None),
        numbered("b1", 3, "2", "3"),
    ]
    assert desk.rejects(desk.gate(lines)[0]) == {"required.booked_date": [103]}


# -- near duplicates --------------------------------------------------------------------------------------


def invoice(key: str, number: str, gross: str = "119.00", partner: str = "p1", **more: Any) -> Line:
    return line(key, parent_id=partner, journal_id=number, **amounts("0.00", "0.00", gross), **more)


def test_a_number_written_in_another_way_is_found(desk: Desk) -> None:
    desk.suite([rule("it", "expect_no_near_duplicates", **NEAR)])
    lines = [
        *FINE, invoice("1", "RE-0012"), invoice("2", "12", booked_date=date(2026, 3, 8)), invoice("3", "12", booked_date=date(2026, 3, 16)),
        invoice("4", "RE-0013"), invoice("5", "RE12", partner="p2"), invoice("6", "RE12", "-119.00"), invoice("7", "RE12", "119.01"),
        invoice("8", "RE12", currency_code="GBP"), invoice("9", "№"), invoice("x", "№ "),
    ]  # fmt: skip
    delivery, result = desk.gate(lines, desk.ref(**ANY))
    assert said(desk, delivery) == {102: "p1 / RE-0012: like 12", 103: "p1 / 12: like RE-0012"}
    assert by_id(result)["it"].evaluated == 10
    desk.suite(
        [
            ADDS_UP,
            rule(
                "it",
                "expect_no_near_duplicates",
                "warning",
                **NEAR,
                days=8,
                row_condition=where("currency_code", "==", "EUR"),
            ),
        ]
    )
    assert (
        by_id(
            desk.gate(
                [replace(one, values={**one.values, "net_amount": one.business["gross_amount"]}) for one in lines]
            )[1]
        )["it"].failed
        == 3
    )


def test_duplicates_of_what_is_current_under_another_key(desk: Desk) -> None:
    desk.suite([rule("it", "expect_no_near_duplicates", **NEAR)])
    in_core(desk, [invoice("1", "RE-0012"), invoice("2", "RE-0014"), invoice("3", "RE-0015", currency_code="GBP")])
    in_core(desk, [invoice("4", "INV 16")], source="other")
    lines = [*FINE, invoice("1", "RE-0012"), invoice("5", "14"), invoice("6", "15"), invoice("7", "16")]
    delivery, _ = desk.gate(lines, desk.ref("delta"))
    assert said(desk, delivery) == {103: "p1 / 14: like RE-0014", 105: "p1 / 16: like INV 16"}
    whole, _ = desk.gate(lines, desk.ref("snapshot", max_closed_pct=100))
    assert said(desk, whole) == {105: "p1 / 16: like INV 16"}, "the snapshot says RE-0014 is 14 now"


def test_numbers_of_people_are_not_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = tuple(replace(c, classification="confidential") if c.name == "journal_id" else c for c in LINES.columns)
    monkeypatch.setattr("tests.unit.validate.conftest.LINES", replace(LINES, columns=columns))
    desk.suite([rule("it", "expect_no_near_duplicates", **NEAR)])
    delivery, _ = desk.gate([*FINE, invoice("1", "RE-0012"), invoice("2", "12")])
    assert said(desk, delivery) == {102: "p***********", 103: "p******"}


# -- pairs of accounts ------------------------------------------------------------------------------------


def journal(name: str, debit: str, credit: str, *more: tuple[str, str | None, str | None]) -> list[Line]:
    lines = [(debit, "5.00", None), (credit, None, "5.00"), *more]
    return [
        line(f"{name}-{n}", journal_id=name, parent_id=a, **amounts(None, d, c)) for n, (a, d, c) in enumerate(lines)
    ]


def test_a_pair_that_few_journals_have_is_pointed_out(desk: Desk) -> None:
    desk.suite([rule("it", "expect_pairs_to_be_usual", **PAIRS)])
    usual = [row for n in range(4) for row in journal(f"u{n}", "1400", "8400")]
    _, few = desk.gate([*FINE, *usual])
    assert by_id(few)["it"].observed == "not evaluated: 4 journals so far: pairs are unusual from 5 on"
    assert few.verdict is Verdict.PASS
    reversal = [
        line(f"r-{n}", journal_id="r", parent_id=a, **amounts(None, d, c))
        for n, (a, d, c) in enumerate([("1400", "-5.00", None), ("8400", "0.00", "-5.00")])
    ]
    odd = journal("odd", "1400", "8400", ("9999", None, "1.00"))
    delivery, result = desk.gate([*FINE, *usual, *odd, *reversal], desk.ref(**ANY))
    text = "odd: debit 1400, credit 9999 in 1 journal"
    assert said(desk, delivery) == dict.fromkeys((110, 111, 112), text), "a cancelled debit is still a debit"
    assert by_id(result)["it"].evaluated == 13


def test_journals_in_core_tell_what_is_usual(desk: Desk) -> None:
    desk.suite([rule("it", "expect_pairs_to_be_usual", **PAIRS)])
    loaded = [row for n in range(4) for row in journal(f"u{n}", "1400", "8400")] + journal("once", "1000", "2000")
    in_core(desk, loaded)
    lines = [*FINE, *journal("n1", "1400", "8400"), *journal("n2", "1000", "2000")]
    delivery, _ = desk.gate(lines, desk.ref("delta"))
    text = "n2: debit 1000, credit 2000 in 2 journals"
    assert said(desk, delivery) == {104: text, 105: text}
    whole, result = desk.gate(lines, desk.ref("snapshot", max_closed_pct=100))
    assert said(desk, whole) == {} and by_id(result)["it"].success is None, "replaced journals teach nothing"


# -- the same whatever core has ---------------------------------------------------------------------------


def test_the_same_file_again_is_judged_the_same(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own rows are current by now, and known: neither their own duplicates nor their own forerunners."""
    desk.suite([
        rule("rolls", "expect_groups_to_roll_forward", "warning", **ROLL),
        rule("follows", "expect_sequences_to_be_unbroken", "warning", **SEQUENCE),
        rule("twice", "expect_no_near_duplicates", "warning", **NEAR),
        rule("usual", "expect_pairs_to_be_usual", "warning", **PAIRS),
    ])  # fmt: skip
    lines = [
        *journal("j", "1400", "8400"), *(row for n in range(5) for row in journal(f"u{n}", "1", "2")),
        invoice("1", "RE-0012"), invoice("2", "12"), numbered("b1", 1, "0", "10"), numbered("b1", 3, "10", "20"),
    ]  # fmt: skip
    found = [(r.rule_id, r.evaluated, r.failed) for r in desk.gate(lines, desk.ref("delta"), move=False)[1].rules]
    assert [f for _, _, f in found if f] == [14, 1, 2, 2]
    in_core(desk, lines)
    monkeypatch.setattr(known_rows, "KNOWN_FROM", 1)
    for mode in ("delta", "snapshot"):
        result = desk.gate(lines, desk.ref(mode, max_closed_pct=100), move=False)[1]
        assert [(r.rule_id, r.evaluated, r.failed) for r in result.rules if r.failed] == [f for f in found if f[2]]


# -- refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "kwargs", "why"),
    [
        ("groups_to_roll_forward", {**ROLL, "closing": "nobody"}, "unknown column 'nobody'"),
        ("groups_to_roll_forward", {**ROLL, "closing": "status_code"}, "closing: column status_code is text, not a number"),
        ("groups_to_roll_forward", {**ROLL, "closing": "item_quantity"}, "numeric of one scale"),
        ("groups_to_roll_forward", {**ROLL, "closing": "tax_amount"}, "must be three columns"),
        ("groups_to_roll_forward", {**ROLL, "group": ["journal_id"]}, "name it in `group`, else sums mix currencies"),
        ("groups_to_roll_forward", {**ROLL, "decimals": 2}, "decimals is for use outside the gate"),
        ("groups_to_agree", {"group": ["journal_id"], "columns": ["nobody"]}, "unknown column 'nobody'"),
        ("groups_to_agree", {"group": ["journal_id"], "columns": []}, "at least 1 item"),
        ("groups_to_agree", {"group": ["journal_id"], "columns": ["journal_id"]}, "journal_id is in group"),
        ("sequences_to_be_unbroken", {**SEQUENCE, "number": "nobody"}, "unknown column 'nobody'"),
        ("sequences_to_be_unbroken", {**SEQUENCE, "number": "journal_id"}, "number: column journal_id is text, not a number"),
        ("sequences_to_be_unbroken", {**SEQUENCE, "date": "head_count"}, "date: column head_count is number, not a date"),
        ("sequences_to_be_unbroken", {**SEQUENCE, "closing": None}, "opening and closing go together"),
        ("sequences_to_be_unbroken", {**SEQUENCE, "group": ["head_count"]}, "head_count is in group"),
        ("no_near_duplicates", {**NEAR, "number": "head_count"}, "number: column head_count is number, not a text"),
        ("no_near_duplicates", {**NEAR, "date": "journal_id"}, "date: column journal_id is text, not a date"),
        ("no_near_duplicates", {**NEAR, "partner": "nobody"}, "unknown column 'nobody'"),
        ("no_near_duplicates", {**NEAR, "days": -1}, "greater than or equal to 0"),
        ("pairs_to_be_usual", {**PAIRS, "account": "nobody"}, "unknown column 'nobody'"),
        ("pairs_to_be_usual", {**PAIRS, "credit": "booked_date"}, "credit: column booked_date is date, not a number"),
        ("pairs_to_be_usual", {**PAIRS, "credit": "net_amount"}, "there are no two sides"),
        ("pairs_to_be_usual", {**PAIRS, "least": 1}, "greater than or equal to 2"),
        ("amounts_not_to_be_round", {"column": "status_code", "multiple": 100}, "column status_code is text, not a number"),
        ("amounts_not_to_be_round", {"column": "net_amount", "multiple": 0}, "greater than or equal to 1"),
        ("dates_to_be_on_weekdays", {"column": "net_amount"}, "column net_amount is number, not a date"),
        ("dates_to_be_on_weekdays", {"column": "nobody"}, "unknown column 'nobody'"),
        ("days_between_to_be_at_most", {"column_A": "booked_date", "column_B": "head_count", "days": 3}, "column_B: column head_count is number, not a date"),
    ],
)  # fmt: skip
def test_refused(tmp_path: Path, kind: str, kwargs: dict[str, Any], why: str) -> None:
    catalog = Catalog({c.feed: c for c in (LINES, PARENTS)}, {}, tmp_path)
    problems = check_suite(write_suite(tmp_path, [rule("it", f"expect_{kind}", **kwargs)]), LINES, catalog=catalog)
    assert any(why in problem for problem in problems), problems
