"""Rules that look into another feed, in the gate; and how our expectations read in Data Docs."""

# ruff: noqa: E501 (one sample a line reads better)

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from pipelines.catalog import Catalog
from pipelines.delivery import Kind, Scope, State, Verdict
from pipelines.settings import Settings
from pipelines.validate.evidence import write_data_docs
from pipelines.validate.run import validate
from pipelines.validate.suites import check_suite
from pipelines.warehouse import register
from pipelines.warehouse.connection import Warehouse
from tests.unit.validate.conftest import (
    ADDS_UP,
    LINES,
    PARENTS,
    Desk,
    by_id,
    column,
    contract,
    line,
    rule,
    where,
    write_files,
    write_suite,
)  # fmt: skip

FINE = [line(f"g{i}") for i in range(100)]
KNOWN = {"column": "journal_id", "feed": "tests.parents", "feed_column": "parent_id"}


@pytest.fixture(autouse=True, scope="module")
def flagged(owner: Warehouse, tables: None) -> None:
    """The other feed has a flag and a date beside its key."""
    with owner.transaction() as conn:
        for name, kind in (("is_current", "boolean"), ("since_date", "date")):
            conn.execute(sa.text(f"alter table core.tests_parents add column if not exists {name} {kind}"))


@pytest.fixture
def parents(monkeypatch: pytest.MonkeyPatch, desk: Desk) -> Desk:
    more = (column("is_current", "boolean", "boolean"), column("since_date", "date", "date"))
    monkeypatch.setattr("tests.unit.validate.conftest.PARENTS", replace(PARENTS, columns=(*PARENTS.columns, *more)))
    desk.delivers("tests.lines", "tests.parents")
    for key, current in (("p1", True), ("p2", False)):
        _parent(desk, key, current)
    _parent(desk, "gone", True, known_to="now()")
    _parent(desk, "theirs", True, client=f"not_{desk.client}")
    return desk


def _parent(
    desk: Desk, key: str, current: bool, period: str = "", known_to: str = "null", client: str | None = None
) -> None:
    statement = (
        "insert into core.tests_parents (client_id, _source, _period, parent_id, is_current, since_date, _delivery_id, "
        "_row_number, _row_part, _row_hash, _known_from, _known_to) values (:client, 'main', :period, :key, :current, "
        f"'2026-01-01', 0, 1, 0, gen_random_uuid(), now() - interval '1 day', {known_to})"
    )
    values = {"client": client or desk.client, "key": key, "current": current, "period": period}
    with desk.warehouse.transaction() as conn:
        conn.execute(sa.text(statement), values)


LINES_OF = [*FINE, *(line(key, journal_id=key) for key in ("p1", "p2", "gone", "theirs"))]


@pytest.mark.parametrize(
    ("kwargs", "rejected"),
    [
        ({}, [104, 105]),
        ({"where": {"is_current": True}}, [103, 104, 105]),
        ({"where": {"is_current": True, "since_date": "2026-01-01"}}, [103, 104, 105]),
        ({"where": {"since_date": "2026-01-02"}}, [102, 103, 104, 105]),
        ({"given": ["is_current"]}, [104, 105]),
        ({"row_condition": where("line_id", "==", "gone")}, [104]),
        ({"same_period": True}, []),
    ],
)
def test_values_must_be_current_in_the_other_feed(parents: Desk, kwargs: dict[str, Any], rejected: list[int]) -> None:
    parents.suite([rule("known", "expect_column_values_to_be_in_feed", **KNOWN, **kwargs)])
    delivery, result = parents.gate(LINES_OF)
    outcome = by_id(result)["known"]
    if "same_period" in kwargs:
        assert (outcome.success, outcome.observed) == (None, "not evaluated: the delivery speaks for no period")
        assert result.verdict is Verdict.HOLD
        return
    assert parents.rejects(delivery) == {"known": rejected}
    assert (outcome.evaluated, outcome.failed) == (1 if "row_condition" in kwargs else 4, len(rejected))
    assert result.verdict is Verdict.PASS_WITH_REJECTS


def test_as_a_warning_and_with_tolerance(parents: Desk) -> None:
    parents.suite([ADDS_UP, rule("known", "expect_column_values_to_be_in_feed", "warning", **KNOWN)])
    delivery, result = parents.gate(LINES_OF)
    assert result.verdict is Verdict.PASS and parents.rejects(delivery) == {}
    assert [s["values"]["journal_id"] for s in by_id(result)["known"].samples] == ["gone", "theirs"]
    parents.suite([ADDS_UP, rule("known", "expect_column_values_to_be_in_feed", **KNOWN, mostly=0.6)])
    assert parents.gate(LINES_OF)[1].verdict is Verdict.HOLD


def test_a_feed_that_is_not_delivered_is_not_compared_with(desk: Desk) -> None:
    desk.suite([ADDS_UP, rule("known", "expect_column_values_to_be_in_feed", **KNOWN)])
    _, result = desk.gate(LINES_OF)
    assert by_id(result)["known"].observed == f"not evaluated: {desk.client} delivers no tests.parents"
    assert result.verdict is Verdict.PASS


def test_only_the_same_period_where_the_rule_says_so(parents: Desk) -> None:
    parents.suite([ADDS_UP, rule("known", "expect_column_values_to_be_in_feed", **KNOWN, same_period=True)])
    _parent(parents, "p9", True, period="2026-03")
    ref = parents.ref("period")
    new = register.NewDelivery(
        scope=Scope(parents.client, LINES.feed, "main", "2026-03"), period="2026-03", kind=Kind.INTAKE, file_name="m.csv",
        sha256="m", size=1, received_at=datetime(2026, 4, 1, tzinfo=UTC), inputs_hash="", declaration_hash="",
    )  # fmt: skip
    lines = [*FINE, line("a", journal_id="p9"), line("b", journal_id="p1")]
    write_files(parents.folder / "month", lines)
    with parents.warehouse.transaction() as conn:
        delivery = register.add_delivery(conn, new)
        for state in (State.EXTRACTED, State.CLEANED):
            delivery = register.move(conn, delivery, state, actor="test")
        validate(delivery, ref, LINES, parents.catalog, conn, parents.folder / "month", parents.facts(lines))
    assert parents.rejects(delivery) == {"known": [103]}


def test_rows_may_refer_to_rows_of_the_same_delivery(desk: Desk) -> None:
    own = {"column": "journal_id", "feed": "tests.lines", "feed_column": "line_id", "where": {"status_code": "open"}}
    desk.suite([ADDS_UP, rule("known", "expect_column_values_to_be_in_feed", **own)])
    lines = [*FINE, line("a", journal_id="g3"), line("s", status_code="settled"), line("b", journal_id="s")]
    assert desk.rejects(desk.gate(lines)[0]) == {"known": [104]}


@pytest.mark.parametrize(
    ("severity", "kwargs", "said"),
    [
        ("critical", {**KNOWN, "feed": "tests.nobody"}, "feed 'tests.nobody' has no contract"),
        ("critical", {**KNOWN, "feed": "parents"}, "expected domain.feed"),
        ("critical", {**KNOWN, "feed_column": "name"}, "tests.parents has no column 'name'"),
        ("critical", {**KNOWN, "column": "head_count"}, "head_count is number and tests.parents.parent_id is text"),
        ("critical", {**KNOWN, "where": {"parent_id": 7}}, "where: 7 for column parent_id, expected a text"),
        ("critical", {**KNOWN, "known_values": ["p1"]}, "the gate looks into the feed"),
        ("critical", {**KNOWN, "feed_table": "a.b"}, "the gate looks into the feed"),
        (
            "critical",
            {**KNOWN, "feed": "tests.islands", "feed_column": "island_id"},
            "need not be loaded before tests.lines",
        ),
    ],
)
def test_refused(tmp_path: Path, severity: str, kwargs: dict[str, Any], said: str) -> None:
    islands = contract(
        "tests.islands", column("island_id", required=True, key=True, references=("tests.parents", "parent_id"))
    )
    catalog = Catalog({c.feed: c for c in (LINES, PARENTS, islands)}, {}, tmp_path)
    item = rule("it", "expect_column_values_to_be_in_feed", severity, **kwargs)
    problems = check_suite(write_suite(tmp_path, [item]), LINES, catalog=catalog)
    assert any(said in problem for problem in problems), problems
    warned = check_suite(write_suite(tmp_path, [{**item, "severity": "warning"}]), LINES, catalog=catalog)
    assert ("need not be" in said) == (warned == [])


def test_data_docs_speak_in_sentences(parents: Desk, settings: Settings) -> None:
    group = ["journal_id", "currency_code"]
    parents.suite(
        [
            rule("adds_up", "expect_columns_to_add_up", "warning", columns=["net_amount", "tax_amount"], total="gross_amount"),
            rule("product", "expect_column_product_to_match", "warning", factors=["item_quantity", "item_price"], total="net_amount", tolerance_pct=1),
            rule("balances", "expect_groups_to_balance", "warning", group=group, debit="net_amount", credit="gross_amount"),
            rule("whole", "expect_groups_to_balance", "warning", amount="net_amount"),
            rule("header", "expect_group_total_to_match", "warning", group=group, amount="net_amount", total="gross_amount", count="head_count"),
            rule("known", "expect_column_values_to_be_in_feed", "warning", **KNOWN, mostly=0.9, where={"is_current": True}, row_condition=where("status_code", "==", "open")),
            rule("rows", "expect_row_count_to_be_similar", "warning", max_change_pct=20),
            rule("money", "expect_amount_to_be_similar", "warning", column="net_amount", max_change_pct=20, compared_with="same_weekday"),
        ]
    )  # fmt: skip
    parents.gate(FINE[:10])
    lines = [*FINE[:5], line("x", journal_id="gone", net_amount=Decimal("9.00"))]
    delivery, result = parents.gate(lines)
    page = write_data_docs(settings, delivery, json.loads(json.dumps(result.validation_result, default=str)))
    text = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8"))).split())
    for sentence in (
        "net_amount + tax_amount must equal gross_amount , to the cent.",
        "item_quantity × item_price must give net_amount ; the price may be rounded to steps of 0.01 , and 1 % more is tolerated.",
        "In every group of journal_id , currency_code the sum of net_amount must equal the sum of gross_amount , to the cent.",
        "The sum of net_amount must be zero, to the cent.",
        "In every group of journal_id , currency_code the sum of net_amount must equal gross_amount , to the cent, and the number of lines head_count .",
        "then values of journal_id must occur in tests.parents.parent_id where is_current = True , for at least 90 % of the rows.",
        "The number of rows may differ by at most 20 % from the previous accepted delivery.",
        "The sum of net_amount may differ by at most 20 % from the last accepted delivery of the same weekday, in every currency.",
        "gone / EUR: debit 9.00, credit 11.90, difference -2.90",
        "sum 59.00",
        "6, 10 before (40.00 % change)",
    ):
        assert sentence in text, sentence
    assert "expect_group" not in text and "kwargs" not in text
