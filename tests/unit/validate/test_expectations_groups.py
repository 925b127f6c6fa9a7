"""Rules about groups in the gate: whole groups are rejected with their difference, and the books still agree."""

# ruff: noqa: E501 (one sample a line reads better)

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from pipelines.catalog import Catalog
from pipelines.delivery import Verdict
from pipelines.validate.suites import check_suite
from tests.unit.validate.conftest import ADDS_UP, LINES, PARENTS, Desk, Line, by_id, line, rule, where, write_suite
from tests.unit.validate.engines import dirty_rows

FINE = [line(f"g{i}") for i in range(100)]
GROUP = ["journal_id", "currency_code"]
BALANCE = {"group": GROUP, "debit": "net_amount", "credit": "gross_amount"}


def amounts(net: str | None, gross: str | None) -> dict[str, Any]:
    made = (None if v is None else Decimal(v) for v in (net, gross))
    return dict(zip(("net_amount", "gross_amount"), made, strict=True)) | {"tax_amount": None}


def journal(name: str, *pairs: tuple[str | None, str | None], **more: Any) -> list[Line]:
    return [line(f"{name}-{n}", journal_id=name, **amounts(*pair), **more) for n, pair in enumerate(pairs)]


def reasons(desk: Desk, delivery: Any, name: str) -> list[tuple[Any, ...]]:
    query = "select row_number, column_name, value, cause_code from quarantine.reject where delivery_id = :id and rule_id = :rule order by 1"
    return desk.rows(query, id=delivery.delivery_id, rule=f"{LINES.feed}.{name}")


def test_an_unbalanced_journal_is_rejected_whole(desk: Desk) -> None:
    desk.suite([rule("balances", "expect_groups_to_balance", **BALANCE)])
    lines = [
        *FINE,
        *journal("j1", ("100.00", None), (None, "60.00"), (None, "40.00")),
        *journal("j2", ("100.00", None), (None, "99.99")),
        *journal("j3", ("5.00", None), (None, "5.00"), currency_code="GBP"),
        line("alone", **amounts("7.00", None)),
    ]  # fmt: skip
    delivery, result = desk.gate(lines, chunk=7)
    assert result.verdict is Verdict.PASS_WITH_REJECTS, result.message
    assert desk.rejects(delivery) == {"balances": [105, 106]}
    said = "j2 / EUR: debit 100.00, credit 99.99, difference 0.01"
    assert reasons(desk, delivery, "balances") == [(n, "net_amount", said, "does_not_add_up") for n in (105, 106)]
    outcome = by_id(result)["balances"]
    assert (outcome.evaluated, outcome.failed, outcome.success) == (7, 2, False)
    assert outcome.samples[0]["values"] == {"net_amount, gross_amount, journal_id, currency_code": said}
    net = next(a for a in result.amounts if (a.column_name, a.currency) == ("net_amount", "EUR"))
    assert net.rejected == Decimal(100)


def test_groups_equal_brute_force(desk: Desk) -> None:
    """The seeded table that the engines are tested with, through the gate, in chunks."""
    desk.suite([ADDS_UP, rule("balances", "expect_groups_to_balance", **BALANCE)])
    rows = dirty_rows()
    lines = [
        line(str(r["row_id"]), journal_id=r["journal_id"], currency_code=r["currency"], net_amount=r["debit"], gross_amount=r["credit"], tax_amount=None)
        for r in rows
    ]  # fmt: skip
    delivery, _ = desk.gate(lines, desk.ref(max_rejects={"pct": 100}), chunk=50)
    groups = defaultdict(list)
    for number, row in enumerate(rows, 2):
        if row["journal_id"] and row["currency"]:
            groups[row["journal_id"], row["currency"]].append((number, (row["debit"] or 0) - (row["credit"] or 0)))
    expected = sorted(n for group in groups.values() if sum(a for _, a in group) for n, _ in group)
    assert 20 < len(expected) < 200
    assert desk.rejects(delivery)["balances"] == expected


def test_what_counts_instead_and_several_currencies_equal_brute_force(desk: Desk) -> None:
    """Tax stands in for an empty debit, the name for an empty currency; journals in two currencies are left alone."""
    rows = dirty_rows()
    lines = [
        line(str(r["row_id"]), journal_id=r["journal_id"], currency_code=r["currency"], contact_name=r["kind"], net_amount=r["debit"], gross_amount=r["credit"], tax_amount=r["net"])
        for r in rows
    ]  # fmt: skip
    instead = {"net_amount": "tax_amount", "currency_code": "contact_name"}
    rules = [
        rule("each", "expect_groups_to_balance", "warning", **BALANCE, instead=instead),
        rule(
            "alone", "expect_groups_to_balance", "warning", **BALANCE, instead=instead, unless_several="currency_code"
        ),
    ]
    desk.suite(rules)
    _, result = desk.gate(lines, desk.ref(max_rejects={"pct": 100}), chunk=50)
    groups, currencies = defaultdict(list), defaultdict(set)
    for number, row in enumerate(rows, 2):
        if row["journal_id"]:
            currency = row["currency"] or row["kind"]
            debit = row["net"] if row["debit"] is None else row["debit"]
            groups[row["journal_id"], currency].append((number, (debit or 0) - (row["credit"] or 0)))
            currencies[row["journal_id"]].add(currency)
    broken = {key: [n for n, _ in group] for key, group in groups.items() if sum(a for _, a in group)}
    each = sorted(n for found in broken.values() for n in found)
    alone = sorted(n for (journal, _), found in broken.items() if len(currencies[journal]) == 1 for n in found)
    assert 20 < len(alone) < len(each)
    for name, expected in (("each", each), ("alone", alone)):
        outcome = by_id(result)[name]
        assert (outcome.failed, [s["row_number"] for s in outcome.samples]) == (len(expected), expected[:20])
    assert outcome.samples[0]["values"].popitem()[1].startswith("J")


def test_severity_mostly_hold_and_condition(desk: Desk) -> None:
    broken = [*FINE, *journal("j1", ("1.00", None)), *journal("j2", ("2.00", "2.00"), ("3.00", "3.00"))]
    desk.suite([ADDS_UP, rule("it", "expect_groups_to_balance", "warning", **BALANCE)])
    delivery, result = desk.gate(broken)
    assert result.verdict is Verdict.PASS and desk.rejects(delivery) == {}
    assert (by_id(result)["it"].failed, by_id(result)["it"].samples[0]["row_number"]) == (1, 102)
    desk.suite([ADDS_UP, rule("it", "expect_groups_to_balance", mostly=0.7, **BALANCE)])
    held = desk.gate(broken)[1]
    assert held.verdict is Verdict.HOLD and "it fails (1 of 3 rows fail" in held.holds[0]
    desk.suite([ADDS_UP, rule("it", "expect_groups_to_balance", mostly=0.6, **BALANCE)])
    assert desk.gate(broken)[1].verdict is Verdict.PASS_WITH_REJECTS
    desk.suite([ADDS_UP, rule("it", "expect_groups_to_balance", kontor={"on_failure": "hold"}, **BALANCE)])
    assert desk.gate(broken)[1].verdict is Verdict.HOLD
    settled = where("status_code", "==", "settled")
    desk.suite([ADDS_UP, rule("it", "expect_groups_to_balance", row_condition=settled, **BALANCE)])
    assert by_id(desk.gate(broken)[1])["it"].success is None


def test_over_received_names_the_fault_and_not_its_consequence(desk: Desk) -> None:
    """A journal that balances as sent but loses a row to another rule is incomplete, not unbalanced."""
    lost = journal("j1", ("10.00", None), (None, "10.00"))
    lines = [*FINE, replace(lost[0], values={**lost[0].values, "booked_date": None}), lost[1]]
    desk.suite([ADDS_UP, rule("it", "expect_groups_to_balance", kontor={"over": "received"}, **BALANCE)])
    delivery, _ = desk.gate(lines)
    assert desk.rejects(delivery) == {"required.booked_date": [102], "group_incomplete": [103]}
    desk.suite([ADDS_UP, rule("it", "expect_groups_to_balance", **BALANCE)])
    assert desk.rejects(desk.gate(lines)[0]) == {"required.booked_date": [102], "it": [103]}


def test_the_whole_delivery_balances_in_each_currency_or_is_held(desk: Desk) -> None:
    whole = rule("it", "expect_groups_to_balance", debit="net_amount", credit="gross_amount")
    desk.suite([whole])
    even = [line("1", **amounts("5.00", None)), line("2", **amounts(None, "5.00"))]
    delivery, result = desk.gate(even)
    assert result.verdict is Verdict.PASS and by_id(result)["it"].observed == "balances over 2 rows"
    crossed = [even[0], line("2", **amounts(None, "5.00"), currency_code="GBP")]
    delivery, result = desk.gate(crossed)
    assert result.verdict is Verdict.HOLD and desk.rejects(delivery) == {}
    said = "EUR debit 5.00, credit 0, difference 5.00; GBP debit 0, credit 5.00, difference -5.00"
    assert (by_id(result)["it"].observed, by_id(result)["it"].failed) == (said, 1)
    assert said in result.holds[0]
    desk.suite([rule("it", "expect_groups_to_balance", amount="net_amount")])
    assert by_id(desk.gate([line("1", **amounts("-5.00", None)), line("2", **amounts("5.00", None))])[1])["it"].success


def test_lines_add_up_to_the_total_they_repeat(desk: Desk) -> None:
    desk.suite(
        [
            rule(
                "it",
                "expect_group_total_to_match",
                group=GROUP,
                amount="net_amount",
                total="gross_amount",
                count="head_count",
            )
        ]
    )
    lines = [
        *FINE,
        *journal("j1", ("60.00", "100.00"), ("40.00", "100.00"), head_count=2),
        *journal("j2", ("60.00", "100.00"), ("39.99", "100.00"), head_count=2),
        *journal("j3", ("50.00", "100.00"), ("50.00", "100.01"), head_count=2),
        *journal("j4", ("50.00", "100.00"), ("50.00", None), head_count=2),
        *journal("j5", ("50.00", "100.00"), ("50.00", "100.00"), head_count=3),
    ]  # fmt: skip
    delivery, result = desk.gate(lines, desk.ref(max_rejects={"pct": 50}))
    assert desk.rejects(delivery) == {"it": list(range(104, 112))}
    assert sorted({value for _, _, value, _ in reasons(desk, delivery, "it")}) == [
        "j2 / EUR: lines 99.99, total 100.00, 2 lines of 2",
        "j3 / EUR: lines 100.00, total 100.00 to 100.01, 2 lines of 2",
        "j4 / EUR: lines 100.00, total 100.00 or missing, 2 lines of 2",
        "j5 / EUR: lines 100.00, total 100.00, 2 lines of 3",
    ]
    assert by_id(result)["it"].evaluated == 10


def test_personal_amounts_are_not_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = tuple(replace(c, classification="confidential") if c.name == "net_amount" else c for c in LINES.columns)
    private = replace(LINES, columns=columns)
    monkeypatch.setattr("tests.unit.validate.conftest.LINES", private)
    desk.suite([rule("it", "expect_groups_to_balance", **BALANCE)])
    delivery, _ = desk.gate([*FINE, *journal("j1", ("1234.56", None))])
    assert reasons(desk, delivery, "it") == [(102, "net_amount", "j1 / EUR: does not balance", "does_not_add_up")]


HEADERS = replace(
    PARENTS, columns=(*PARENTS.columns, *(c for c in LINES.columns if c.name in ("gross_amount", "currency_code")))
)


def test_a_header_in_another_feed(desk: Desk, monkeypatch: pytest.MonkeyPatch, owner: Any) -> None:
    with owner.transaction() as conn:
        conn.execute(sa.text("alter table core.tests_parents add column if not exists gross_amount numeric(18,2)"))
    monkeypatch.setattr("tests.unit.validate.conftest.PARENTS", HEADERS)
    of = {"group": ["parent_id", "currency_code"], "amount": "net_amount", "total_of": "tests.parents.gross_amount"}
    received = {"over": "received"}  # so that a row that the contract's own reference rejects is judged too
    desk.suite([rule("it", "expect_group_total_to_match", kontor=received, **of, reference={"parent_id": "parent_id"})])
    lines = [
        *(line(f"a{i}", parent_id="p1", **amounts("50.00", None)) for i in range(2)),
        *(line(f"b{i}", parent_id="p2", **amounts("50.00", None)) for i in range(2)),
        line("c", parent_id="p3", **amounts("1.00", None)), line("d", parent_id="p4", **amounts("1.00", None)),
    ]  # fmt: skip
    _, alone = desk.gate(lines)
    assert by_id(alone)["it"].observed == f"not evaluated: {desk.client} delivers no tests.parents"
    desk.delivers("tests.lines", "tests.parents")
    _headers(desk, ("main", "p1", "100.00"), ("main", "p2", "99.00"), ("main", "p4", "1.00"), ("more", "p4", "1.00"))
    delivery, result = desk.gate([*FINE, *lines], desk.ref(max_rejects={"pct": 50}))
    assert {(n, v) for n, _, v, _ in reasons(desk, delivery, "it")} == {
        (104, "p2 / EUR: lines 100.00, header 99.00"), (105, "p2 / EUR: lines 100.00, header 99.00"),
        (106, "p3 / EUR: no header"), (107, "p4 / EUR: 2 headers"),
    }  # fmt: skip
    assert by_id(result)["it"].evaluated == 6


def _headers(desk: Desk, *headers: tuple[str, str, str]) -> None:
    statement = (
        "insert into core.tests_parents (client_id, _source, parent_id, gross_amount, _delivery_id, _row_number, "
        "_row_part, _row_hash, _known_from) values (:client, :source, :key, :amount, 0, 1, 0, gen_random_uuid(), now())"
    )
    with desk.warehouse.transaction() as conn:
        for source, key, amount in headers:
            values = {"client": desk.client, "source": source, "key": key, "amount": Decimal(amount)}
            conn.execute(sa.text(statement), values)


@pytest.mark.parametrize(
    ("kwargs", "said"),
    [
        ({"group": ["journal_id"], "amount": "net_amount"}, "name it in `group`, else sums mix currencies"),
        ({"group": GROUP, "debit": "net_amount", "credit": "item_quantity"}, "numeric of one scale"),
        ({"group": GROUP, "debit": "net_amount"}, "either debit and credit, or one signed amount"),
        ({"group": GROUP, "debit": "net_amount", "credit": "net_amount"}, "always balances"),
        ({"group": ["nobody"], "amount": "net_amount"}, "unknown column 'nobody'"),
        ({"group": GROUP, "amount": "net_amount", "decimals": 2}, "decimals is for use outside the gate"),
        ({"amount": "net_amount", "mostly": 0.9}, "mostly makes no sense without `group`"),
        ({"group": GROUP, "amount": "line_id"}, "numeric of one scale"),
        ({"group": GROUP, "amount": "net_amount", "instead": {"net_amount": "item_quantity"}}, "numeric of one scale"),
        (
            {"group": GROUP, "amount": "net_amount", "instead": {"journal_id": "booked_date"}},
            "booked_date is date and cannot stand in for journal_id",
        ),
        (
            {"group": GROUP, "amount": "net_amount", "instead": {"tax_amount": "net_amount"}},
            "instead names tax_amount, which is not used",
        ),
        ({"amount": "net_amount", "instead": {"net_amount": "tax_amount"}}, "instead needs group"),
        (
            {"group": GROUP, "amount": "net_amount", "unless_several": "status_code"},
            "unless_several names 'status_code'",
        ),
        (
            {"group": ["currency_code"], "amount": "net_amount", "unless_several": "currency_code"},
            "one of several columns of group",
        ),
    ],
)
def test_balance_refused(tmp_path: Path, kwargs: dict[str, Any], said: str) -> None:
    _refused(tmp_path, "expect_groups_to_balance", kwargs, said)


TOTAL = {"group": GROUP, "amount": "net_amount"}


@pytest.mark.parametrize(
    ("kwargs", "said"),
    [
        (TOTAL, "name either total"),
        ({**TOTAL, "total": "gross_amount", "total_of": "a.b.c", "reference": {}}, "name either total"),
        ({**TOTAL, "total_of": "tests.parents.gross_amount"}, "needs reference"),
        ({**TOTAL, "total_of": "parents.gross", "reference": {"journal_id": "x"}}, "expected domain.feed.column"),
        ({**TOTAL, "total_of": "a.b.c", "reference": {"parent_id": "x"}}, "parent_id, which is not in group"),
        ({**TOTAL, "total_of": "a.b.c", "reference": {"journal_id": "x"}}, "feed 'a.b' has no contract"),
        ({**TOTAL, "total_of": "tests.parents.total", "reference": {"journal_id": "parent_id"}}, "has no column 'total'"),
        ({**TOTAL, "total_of": "tests.parents.parent_id", "reference": {"journal_id": "parent_id"}}, "is text: not comparable"),
        ({**TOTAL, "total": "gross_amount", "count": "status_code"}, "status_code is text, not a number"),
    ],
)  # fmt: skip
def test_total_refused(tmp_path: Path, kwargs: dict[str, Any], said: str) -> None:
    _refused(tmp_path, "expect_group_total_to_match", kwargs, said)


def _refused(folder: Path, kind: str, kwargs: dict[str, Any], said: str) -> None:
    catalog = Catalog({c.feed: c for c in (LINES, PARENTS)}, {}, folder)
    problems = check_suite(write_suite(folder, [rule("it", kind, **kwargs)]), LINES, catalog=catalog)
    assert any(said in problem for problem in problems), problems
