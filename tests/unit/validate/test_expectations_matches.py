"""Rules about rows and totals of another feed, in the gate, beside plain Python on seeded dirty data."""

# ruff: noqa: E501 (one sample a line reads better)

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from pipelines.catalog import Catalog
from pipelines.delivery import Verdict
from pipelines.validate.expectations import ExpectRowsToMatchFeed, ExpectTotalsToMatchFeed, RowsMatchFeed
from pipelines.validate.suites import check_suite, load_suite
from pipelines.warehouse import known_rows
from pipelines.warehouse.connection import Warehouse
from tests.unit.validate.conftest import (
    ADDS_UP,
    LINES,
    PARENTS,
    Desk,
    Line,
    by_id,
    column,
    contract,
    line,
    money,
    rule,
    where,
    write_suite,
)

MORE = (
    column("kind_code", semantic="code", codes=("spot", "closing", "none")),
    column("since_date", "date", "date"),
    column("until_date", "date", "date"),
    column("closed_date", "date", "date"),
    column("is_current", "boolean", "boolean"),
    money("in_amount"),
    money("out_amount"),
    money("local_amount"),
    column("currency_code", semantic="currency"),
    column("month_text"),
    column("day_date", "date", "date"),
)
WIDE = replace(PARENTS, columns=(*PARENTS.columns, *MORE), after=())
ALL = {"max_rejects": {"pct": 100}}
FIRST = date(2026, 3, 1)
FINE = [line(f"g{i}") for i in range(100)]


@pytest.fixture(autouse=True, scope="module")
def widened(owner: Warehouse, tables: None) -> None:
    """The other feed has more than its key."""
    with owner.transaction() as conn:
        for more in MORE:
            conn.execute(
                sa.text(f"alter table core.tests_parents add column if not exists {more.name} {more.physical_type}")
            )


@pytest.fixture
def parents(monkeypatch: pytest.MonkeyPatch, desk: Desk) -> Desk:
    monkeypatch.setattr("tests.unit.validate.conftest.PARENTS", WIDE)
    desk.delivers("tests.lines", "tests.parents")
    return desk


def into_core(desk: Desk, feed: str, rows: Sequence[dict[str, Any]], **scope: Any) -> None:
    """Versions in core as earlier loads would have left them: current ones of the client, unless said otherwise."""
    with desk.warehouse.transaction() as conn:
        for number, row in enumerate(rows):
            kept = {"client_id": desk.client, "_source": "main", "_period": "", "_known_to": None, **scope, **row}
            names = ", ".join(kept)
            given = ", ".join(f":{n}" for n in kept)
            conn.execute(
                sa.text(
                    f"insert into core.{feed} ({names}, _delivery_id, _row_number, _row_part, _row_hash, _known_from) "
                    f"values ({given}, 0, {number}, 0, gen_random_uuid(), '2020-01-01')"
                ),
                kept,
            )


def dated(rng: random.Random, days: int = 30) -> date | None:
    return None if rng.random() < 0.1 else FIRST + timedelta(days=rng.randrange(days))


def seeded(seed: int) -> tuple[list[dict[str, Any]], list[Line]]:
    """Rows of the other feed and lines, about a third of which match."""
    rng = random.Random(seed)
    others = [
        {
            "parent_id": f"p{n}", "kind_code": rng.choice(["spot", "closing", "none"]), "since_date": dated(rng, 20),
            "until_date": dated(rng), "closed_date": dated(rng, 60), "is_current": rng.choice([True, False, None]),
            "currency_code": rng.choice(["EUR", "GBP", None]), "month_text": rng.choice([None, *(f"m{i}" for i in range(6))]),
            "in_amount": rng.choice([None, Decimal(rng.randrange(400)) / 100]),
            "out_amount": rng.choice([None, Decimal(rng.randrange(100)) / 100]), "local_amount": rng.choice([None, Decimal(7)]),
            "day_date": dated(rng, 90),
        }
        for n in range(40)
    ]  # fmt: skip
    lines = [
        line(
            f"k{n}", journal_id=rng.choice([None, *(f"m{i}" for i in range(7))]), currency_code=rng.choice(["EUR", "GBP", "USD", None]),
            settled_date=dated(rng), booked_date=FIRST + timedelta(days=rng.randrange(60)), contact_name=rng.choice(["m1", "m2", "m8", None]),
            net_amount=rng.choice([None, Decimal(rng.randrange(400)) / 100]), gross_amount=Decimal(rng.randrange(4)),
            status_code=rng.choice(["open", "settled"]), tax_amount=None,
        )
        for n in range(150)
    ]  # fmt: skip
    return others, lines


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def expected_rows(args: dict[str, Any], others: list[dict[str, Any]], lines: list[Line]) -> tuple[list[int], int]:
    """The same rule, row by row in Python: failing row numbers, and how many rows are judged."""
    ways = [w for w in (args["match"], args.get("or_match")) if w]
    needed = (
        {own for w in ways for own in w} | set(args.get("not_after") or {}) | set(args.get("ignore_if_missing") or [])
    )
    needed |= set(args.get("not_before") or {})
    others = [
        {**o, **{c: o[c] if o[c] is not None else o[i] for c, i in (args.get("feed_instead") or {}).items()}}
        for o in others
    ]
    needed |= {args["date"]} if args.get("date") else set()
    failing, judged = [], 0
    for number, row in enumerate(lines, 2):
        own = row.business
        if any(own[c] is None for c in needed):
            continue
        pair = args.get("unless_equal")
        if pair and (None in (own[pair[0]], own[pair[1]]) or own[pair[0]] == own[pair[1]]):
            continue
        if args.get("if_known") and not any(all(own[a] == o[b] for a, b in ways[0].items()) for o in others):
            continue
        judged += 1

        def fits(other: dict[str, Any], way: dict[str, str], own: dict[str, Any] = own) -> bool:
            day = own[args["date"]] if args.get("date") else None
            since, until = other.get(args.get("valid_from") or ""), other.get(args.get("valid_to") or "")
            if any(other[t] != own[o] for o, t in way.items()):
                return False
            return (not args.get("valid_from") or (since is not None and since <= day)) and (
                until is None or until >= day
            )

        def meant(other: dict[str, Any], own: dict[str, Any] = own) -> bool:
            said = (args.get("where") or {}).items()
            limited = all(other[c] in listed(v) for c, v in (args.get("not_after_where") or {}).items())
            late = limited and any(
                other[t] is not None and other[t] < own[o] for o, t in (args.get("not_after") or {}).items()
            )
            late = late or any(
                other[t] is not None and other[t] > own[o] for o, t in (args.get("not_before") or {}).items()
            )
            return not late and all(other[c] in listed(v) for c, v in said)

        found = False
        for way in ways:
            there = [o for o in others if fits(o, way)]
            if args.get("latest") and there:
                newest = max(o["since_date"] for o in there)
                there = [o for o in there if o["since_date"] == newest]
            found = found or any(meant(o) for o in there)
        if not found:
            failing.append(number)
    return failing, judged


MATCH = {"feed": "tests.parents", "match": {"journal_id": "month_text"}}
VALID = {**MATCH, "date": "booked_date", "valid_from": "since_date"}
ROWS: list[dict[str, Any]] = [
    MATCH,
    {**MATCH, "match": {"journal_id": "month_text", "currency_code": "currency_code"}},
    {**MATCH, "where": {"is_current": True, "kind_code": ["spot", "none"]}},
    {**MATCH, "match": {"currency_code": "currency_code"}, "ignore_if_missing": ["net_amount", "settled_date"]},
    {**VALID, "valid_to": "until_date"},
    {**VALID, "latest": True},
    {**VALID, "latest": True, "where": {"kind_code": "spot"}},
    {**MATCH, "date": "settled_date", "valid_to": "until_date", "not_after": {"booked_date": "closed_date"}},
    {**MATCH, "where": {"is_current": [True, None], "currency_code": None}},
    {**MATCH, "not_after": {"booked_date": "closed_date"}, "not_after_where": {"kind_code": "closing", "is_current": [None, False]}},
    {**VALID, "latest": True, "not_after": {"booked_date": "closed_date"}, "not_after_where": {"kind_code": "spot"}},
    {**MATCH, "not_after": {"settled_date": "closed_date", "booked_date": "closed_date"}},
    {
        "feed": "tests.parents", "match": {"journal_id": "month_text", "currency_code": "currency_code"},
        "or_match": {"currency_code": "month_text", "journal_id": "currency_code"},
    },
    {**MATCH, "match": {"contact_name": "month_text"}, "unless_equal": ["contact_name", "journal_id"]},
    {**MATCH, "match": {"journal_id": "month_text", "currency_code": "currency_code"}, "not_before": {"settled_date": "closed_date"}},
    {
        **MATCH, "match": {"journal_id": "month_text", "currency_code": "currency_code"},
        "not_before": {"booked_date": "closed_date"}, "if_known": True,
    },
    {
        **MATCH, "feed_instead": {"month_text": "currency_code", "since_date": "closed_date"}, "if_known": True,
        "not_before": {"settled_date": "since_date"}, "where": {"kind_code": "closing"},
    },
]  # fmt: skip


@pytest.mark.parametrize("known", [False, True])
def test_rows_match_as_python_says(parents: Desk, monkeypatch: pytest.MonkeyPatch, known: bool) -> None:
    """Also when core has the rows already, and the work table only the columns that somebody needs of them."""
    others, lines = seeded(7)
    into_core(parents, "tests_parents", others)
    into_core(
        parents,
        "tests_parents",
        [{**o, "parent_id": f"x{n}", "month_text": "m6"} for n, o in enumerate(others)],
        _known_to=date(2021, 1, 1),
    )
    into_core(parents, "tests_parents", [{**o, "month_text": "m6"} for o in others], client_id=f"not_{parents.client}")
    if known:
        monkeypatch.setattr(known_rows, "KNOWN_FROM", 1)
        parents.load(lines)
    parents.suite([rule(f"r{n}", "expect_rows_to_match_feed", "warning", **kwargs) for n, kwargs in enumerate(ROWS)])
    delivery, result = parents.gate(lines, chunk=40)
    assert bool(parents.rows(f"select from {delivery.work_table} where _known")) is known
    for number, kwargs in enumerate(ROWS):
        failing, judged = expected_rows(kwargs, others, lines)
        outcome = by_id(result)[f"r{number}"]
        assert (outcome.evaluated, outcome.failed) == (judged, len(failing)), kwargs
        assert [s["row_number"] for s in outcome.samples] == failing[:20], kwargs
        assert 0 < len(failing) < judged, kwargs


def test_rows_that_do_not_match_are_rejected_with_their_values(parents: Desk) -> None:
    into_core(
        parents, "tests_parents", [{"parent_id": "a", "month_text": "J1", "since_date": FIRST, "until_date": FIRST}]
    )
    parents.suite([ADDS_UP, rule("period", "expect_rows_to_match_feed", **VALID, valid_to="until_date")])
    lines = [
        *FINE,
        line("in", journal_id="J1"),
        line("out", journal_id="J1", booked_date=date(2026, 3, 2)),
        line("no", journal_id="J2"),
    ]
    delivery, result = parents.gate(lines)
    assert result.verdict is Verdict.PASS_WITH_REJECTS, result.message
    # the whole journal goes with the row that may not be posted
    assert parents.rejects(delivery) == {"period": [103, 104], "group_incomplete": [102]}
    values = "select value from quarantine.reject where delivery_id = :id and rule_id = 'tests.lines.period' order by row_number"
    assert parents.rows(values, id=delivery.delivery_id) == [("J1 / 2026-03-02",), ("J2 / 2026-03-01",)]
    again = parents.again(delivery, lines)
    assert again.counts == result.counts and parents.rejects(delivery)["period"] == [103, 104]


def test_own_rows_count_when_the_feed_is_the_own_one(desk: Desk) -> None:
    into_core(desk, "tests_lines", [{"line_id": "old", "currency_code": "EUR"}])
    own = {"feed": "tests.lines", "match": {"parent_id": "line_id", "currency_code": "currency_code"}}
    desk.suite([ADDS_UP, rule("own", "expect_rows_to_match_feed", **own)])
    lines = [
        *FINE,
        line("a", parent_id="g3"),
        line("b", parent_id="old"),
        line("c", parent_id="g3", currency_code="GBP"),
        line("d", parent_id="d"),
    ]
    assert desk.rejects(desk.gate(lines)[0]) == {"own": [104]}


def own_total(args: dict[str, Any], row: dict[str, Any]) -> tuple[tuple[Any, ...], Decimal]:
    return key_of(row, list(args["match"]), args.get("instead")), valued(
        row, args["amount"], args.get("instead")
    ) or Decimal(0)


def valued(row: dict[str, Any], name: str, instead: dict[str, str] | None) -> Any:
    value = row.get(name)
    if value is None and name in (instead or {}):
        value = row.get((instead or {})[name])
        return f"{value:%Y-%m}" if isinstance(value, date) else value
    return value


def key_of(row: dict[str, Any], names: list[str], instead: dict[str, str] | None) -> tuple[Any, ...]:
    return tuple(valued(row, n, instead) for n in names)


def expected_totals(
    args: dict[str, Any], others: list[dict[str, Any]], lines: list[Line], staying: list[dict[str, Any]]
) -> tuple[list[int], int]:
    theirs: dict[Any, Decimal] = defaultdict(Decimal)
    feed_instead = args.get("feed_instead")
    meant = [
        o
        for o in others
        if all(o[c] in (v if isinstance(v, list) else [v]) for c, v in (args.get("where") or {}).items())
    ]
    for other in meant:
        for sign, names in ((1, args.get("plus") or []), (-1, args.get("minus") or [])):
            for name in names:
                theirs[key_of(other, list(args["match"].values()), feed_instead)] += sign * (
                    valued(other, name, feed_instead) or 0
                )
    own: dict[Any, Decimal] = defaultdict(Decimal)
    for row in [*(r.business for r in lines), *staying]:
        key, amount = own_total(args, row)
        own[key] += amount
    judged = 0
    failing = []
    for number, row in enumerate(lines, 2):
        key, _ = own_total(args, row.business)
        if None in key:
            continue
        asked = [list(args["match"]).index(c) for c in args.get("if_known") or []]
        if asked and not any(
            [k[i] for i in asked] == [key[i] for i in asked]
            for k in (key_of(o, list(args["match"].values()), feed_instead) for o in meant)
        ):
            continue
        judged += 1
        if own[key] != theirs.get(key, 0):
            failing.append(number)
    return failing, judged


BOTH = {"journal_id": "month_text", "currency_code": "currency_code"}
TOTALS: list[dict[str, Any]] = [
    {"match": BOTH, "amount": "net_amount", "plus": ["in_amount"]},
    {"match": BOTH, "amount": "gross_amount", "plus": ["in_amount"], "minus": ["out_amount", "local_amount"]},
    {"match": BOTH, "amount": "net_amount", "minus": ["in_amount"], "where": {"kind_code": ["spot", "closing"], "is_current": True}},
    {"match": BOTH, "amount": "net_amount", "plus": ["local_amount"], "feed_instead": {"local_amount": "in_amount"}, "instead": {"net_amount": "gross_amount"}},
    {"match": {"journal_id": "month_text", "currency_code": "currency_code"}, "amount": "gross_amount", "plus": ["out_amount"], "feed_instead": {"currency_code": "kind_code"}, "instead": {"journal_id": "booked_date"}, "if_known": ["journal_id"]},
    {"match": {"journal_id": "kind_code", "currency_code": "currency_code"}, "amount": "net_amount", "plus": ["in_amount"], "instead": {"journal_id": "settled_date"}, "feed_instead": {"currency_code": "month_text"}},
]  # fmt: skip


def test_totals_match_as_python_says(parents: Desk) -> None:
    others, lines = seeded(11)
    rng = random.Random(3)
    # a combination that agrees, and one that is off by a cent
    for key, cents in (("even", 0), ("odd", 1)):
        parts = [Decimal(rng.randrange(900)) / 100 for _ in range(4)]
        lines += [
            line(f"{key}{n}", journal_id=key, net_amount=p, gross_amount=p, tax_amount=None)
            for n, p in enumerate(parts)
        ]
        others.append(
            {
                **others[0],
                "parent_id": key,
                "month_text": key,
                "currency_code": "EUR",
                "kind_code": "spot",
                "is_current": True,
                "in_amount": sum(parts) + Decimal(cents) / 100,
                "out_amount": None,
                "local_amount": None,
            }
        )
    into_core(parents, "tests_parents", others)
    into_core(
        parents, "tests_parents", [{**o, "month_text": "even"} for o in others], client_id=f"not_{parents.client}"
    )
    parents.suite(
        [
            rule(f"t{n}", "expect_totals_to_match_feed", "warning", feed="tests.parents", **kwargs)
            for n, kwargs in enumerate(TOTALS)
        ]
    )
    _, result = parents.gate(lines, chunk=40)
    for number, kwargs in enumerate(TOTALS):
        failing, judged = expected_totals(kwargs, others, lines, [])
        outcome = by_id(result)[f"t{number}"]
        assert (outcome.evaluated, outcome.failed) == (judged, len(failing)), kwargs
        assert [s["row_number"] for s in outcome.samples] == failing[:20], kwargs
        assert failing, kwargs
    odd = len(lines) - 4 + 2
    assert (
        odd in expected_totals(TOTALS[0], others, lines, [])[0]
        and odd - 1 not in expected_totals(TOTALS[0], others, lines, [])[0]
    )


@pytest.mark.parametrize("mode", ["snapshot", "period", "delta"])
def test_totals_are_those_of_the_feed_once_it_is_loaded(parents: Desk, mode: str) -> None:
    """What other sources, other periods and, beside a delta, other rows of the scope hold stays current."""
    into_core(
        parents,
        "tests_parents",
        [{"parent_id": "p", "month_text": "J", "currency_code": "EUR", "in_amount": Decimal(100)}],
    )
    there = {"journal_id": "J", "currency_code": "EUR"}
    into_core(parents, "tests_lines", [{"line_id": "theirs", "net_amount": Decimal(1), **there}], _source="other")
    into_core(parents, "tests_lines", [{"line_id": "then", "net_amount": Decimal(2), **there}], _period="2026-01")
    into_core(
        parents,
        "tests_lines",
        [{"line_id": "a", "net_amount": Decimal(4), **there}, {"line_id": "gone", "net_amount": Decimal(8), **there}],
    )
    into_core(
        parents, "tests_lines", [{"line_id": "old", "net_amount": Decimal(16), **there}], _known_to=date(2021, 1, 1)
    )
    into_core(
        parents,
        "tests_lines",
        [{"line_id": "else", "net_amount": Decimal(32), **there, "currency_code": "GBP"}],
        _source="other",
    )
    # with `a` replaced: snapshot 1 + 2, delta also 8; a delivery without period in period mode is of no period
    stays = Decimal(11) if mode == "delta" else Decimal(3)
    totals = {"match": BOTH, "amount": "net_amount", "feed": "tests.parents", "plus": ["in_amount"]}
    parents.suite([ADDS_UP, rule("total", "expect_totals_to_match_feed", **totals)])
    for off in (Decimal(0), Decimal("0.01")):
        row = line("a", journal_id="J", net_amount=100 - stays - off, gross_amount=100 - stays - off, tax_amount=None)
        delivery, result = parents.gate([*FINE, row], parents.ref(mode, **ALL))
        assert parents.rejects(delivery) == ({"total": [102]} if off else {}), result.message
    said = f"J / EUR: {Decimal('99.99')}, tests.parents 100.00, difference -0.01"
    assert by_id(result)["total"].observed == f"1 of 1 rows fail (100.00 %); {said}"
    values = "select value from quarantine.reject where delivery_id = :id"
    assert parents.rows(values, id=delivery.delivery_id) == [(said,)]


@pytest.mark.parametrize(("periods", "stays"), [(None, 1), ("replace", 1), ("add_up", 3)])
def test_periods_of_a_ledger_replace_each_other_or_add_up(
    periods: str | None, stays: int, parents: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the delivery stand its source's other periods if they add up, and of a source where they do not the newest."""
    monkeypatch.setattr("tests.unit.validate.conftest.LINES", replace(LINES, has_choice_of_periods=True))
    one = {"parent_id": "p", "month_text": "J", "currency_code": "EUR", "in_amount": Decimal(100)}
    into_core(parents, "tests_parents", [one])
    for source, period, open_ in (("other", "2026-01", 64), ("other", "2026-02", 1), ("main", "2026-01", 2)):
        there = {"line_id": f"{source} {period}", "journal_id": "J", "currency_code": "EUR"}
        into_core(parents, "tests_lines", [{**there, "net_amount": Decimal(open_)}], _source=source, _period=period)
    totals = {"match": BOTH, "amount": "net_amount", "feed": "tests.parents", "plus": ["in_amount"]}
    parents.suite([ADDS_UP, rule("total", "expect_totals_to_match_feed", **totals)])
    for off in (0, 1):
        amount = Decimal(100 - stays - off)
        row = line("a", journal_id="J", net_amount=amount, gross_amount=amount, tax_amount=None)
        delivery, result = parents.gate([*FINE, row], parents.ref("period", periods=periods, **ALL))
        assert parents.rejects(delivery) == ({"total": [102]} if off else {}), result.message


def test_a_feed_without_rows_differs_and_one_that_is_not_delivered_is_not_compared_with(parents: Desk) -> None:
    totals = {
        "match": BOTH,
        "amount": "net_amount",
        "feed": "tests.parents",
        "plus": ["in_amount"],
        "if_known": ["journal_id"],
    }
    rules = [
        ADDS_UP,
        rule("row", "expect_rows_to_match_feed", **MATCH),
        rule("total", "expect_totals_to_match_feed", "warning", **totals, kontor={"over": "received"}),
    ]
    parents.suite(rules)
    lines = [*FINE, line("zero", journal_id="J", net_amount=Decimal(0), gross_amount=Decimal("1.90"))]
    delivery, result = parents.gate(lines)
    assert parents.rejects(delivery) == {"row": [102]}
    assert (
        by_id(result)["total"].observed
        == "1 of 1 rows fail (100.00 %); J / EUR: 0.00, tests.parents nothing, difference 0.00"
    )
    parents.delivers("tests.lines")
    _, result = parents.gate(lines)
    for name in ("row", "total"):
        outcome = by_id(result)[name]
        assert (outcome.success, outcome.observed) == (
            None,
            f"not evaluated: {parents.client} delivers no tests.parents",
        )
    assert result.verdict is Verdict.PASS


def test_personal_amounts_are_not_told(parents: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = tuple(replace(c, classification="restricted") if c.name == "in_amount" else c for c in WIDE.columns)
    monkeypatch.setattr("tests.unit.validate.conftest.PARENTS", replace(WIDE, columns=hidden))
    into_core(
        parents,
        "tests_parents",
        [{"parent_id": "p", "month_text": "J", "currency_code": "EUR", "in_amount": Decimal(3)}],
    )
    totals = {
        "match": {"contact_name": "month_text", "currency_code": "currency_code"},
        "amount": "net_amount",
        "feed": "tests.parents",
        "plus": ["in_amount"],
    }
    parents.suite([ADDS_UP, rule("total", "expect_totals_to_match_feed", "warning", **totals)])
    _, result = parents.gate(FINE[:2])
    assert by_id(result)["total"].observed.endswith("; S***********: differs from tests.parents")


OF = {"feed": "tests.parents", "match": {"journal_id": "month_text", "currency_code": "currency_code"}}
SUM = {**OF, "amount": "net_amount", "plus": ["in_amount"]}


@pytest.mark.parametrize(
    ("kind", "kwargs", "said"),
    [
        ("rows", {**OF, "feed": "tests.nobody"}, "feed 'tests.nobody' has no contract"),
        ("rows", {**OF, "feed": "parents"}, "expected domain.feed"),
        ("rows", {**OF, "match": {}}, "does not accept"),
        ("rows", {**OF, "match": {"nobody": "month_text"}}, "unknown column 'nobody'"),
        ("rows", {**OF, "match": {"journal_id": "nobody"}}, "tests.parents has no column 'nobody'"),
        ("rows", {**OF, "match": {"head_count": "month_text"}}, "head_count is number and tests.parents.month_text is text"),
        ("rows", {**OF, "where": {"kind_code": ["spot", "sopt"]}}, "where: 'sopt' for column kind_code"),
        ("rows", {**OF, "date": "booked_date"}, "goes together with valid_from or valid_to"),
        ("rows", {**OF, "valid_from": "since_date"}, "goes together with valid_from or valid_to"),
        ("rows", {**OF, "date": "booked_date", "valid_from": "kind_code"}, "booked_date is date and tests.parents.kind_code is text"),
        ("rows", {**OF, "date": "booked_date", "valid_to": "until_date", "latest": True}, "latest needs valid_from"),
        ("rows", {**OF, "not_after": {"booked_date": "month_text"}}, "booked_date is date and tests.parents.month_text is text"),
        ("rows", {**OF, "not_after_where": {"kind_code": "spot"}}, "not_after_where needs not_after"),
        ("rows", {**OF, "not_before": {"booked_date": "month_text"}}, "booked_date is date and tests.parents.month_text is text"),
        ("rows", {**OF, "feed_instead": {"month_text": "is_current"}}, "is_current is boolean and cannot stand in for month_text"),
        ("rows", {**OF, "if_known": True, "or_match": OF["match"]}, "if_known and or_match do not go together"),
        ("rows", {**OF, "not_after": {"booked_date": "closed_date"}, "not_after_where": {"kind_code": "sopt"}}, "'sopt' for column kind_code"),
        ("rows", {**OF, "or_match": {"journal_id": "kind_code"}}, "the same the other way round"),
        ("rows", {**OF, "unless_equal": ["journal_id", "head_count"]}, "unless_equal: journal_id and head_count are text and number"),
        ("rows", {**OF, "unless_equal": ["journal_id"]}, "does not accept"),
        ("totals", {**SUM, "plus": []}, "name the columns of the other feed"),
        ("totals", {**SUM, "amount": "nobody"}, "unknown column 'nobody'"),
        ("totals", {**SUM, "amount": "head_count"}, "one scale"),
        ("totals", {**SUM, "plus": ["month_text"]}, "not comparable"),
        ("totals", {**SUM, "plus": ["nobody"]}, "has no column 'nobody'"),
        ("totals", {**SUM, "match": {"journal_id": "month_text"}}, "net_amount is in currency_code: name it in `match`"),
        ("totals", {**SUM, "match": {"journal_id": "currency_code", "currency_code": "month_text"}}, "unlike"),
        ("totals", {**SUM, "match": {"currency_code": "month_text"}}, "tests.parents: in_amount is in currency_code"),
        ("totals", {**SUM, "instead": {"net_amount": "journal_id"}}, "journal_id is text and cannot stand in for net_amount, which is number"),
        ("totals", {**SUM, "feed_instead": {"since_date": "month_text"}}, "month_text is text and cannot stand in for since_date"),
        ("totals", {**SUM, "if_known": ["line_id"]}, "if_known names line_id, which is not in match"),
        ("totals", {**SUM, "feed": "tests.lines", "match": {"journal_id": "parent_id", "currency_code": "currency_code"}, "plus": ["tax_amount"]}, "feed is the delivery's own"),
    ],
)  # fmt: skip
def test_refused(tmp_path: Path, kind: str, kwargs: dict[str, Any], said: str) -> None:
    catalog = Catalog({c.feed: c for c in (LINES, WIDE)}, {}, tmp_path)
    problems = check_suite(
        write_suite(tmp_path, [rule("it", f"expect_{kind}_to_match_feed", **kwargs)]), LINES, catalog=catalog
    )
    if said == "unlike":  # a currency is matched with a text: allowed, if it is meant
        assert problems == []
    else:
        assert any(said in problem for problem in problems), problems


@pytest.mark.parametrize("kind", ["rows", "totals"])
def test_a_critical_rule_needs_an_order_of_feeds(tmp_path: Path, kind: str) -> None:
    islands = contract("tests.islands", column("island_id", key=True, references=("tests.parents", "parent_id")), *MORE)
    kwargs = {**(OF if kind == "rows" else SUM), "feed": "tests.islands"}
    item = rule("it", f"expect_{kind}_to_match_feed", **kwargs)
    for lines, severity, refused in (
        (LINES, "critical", True), (LINES, "warning", False), (replace(LINES, after=("tests.islands",)), "critical", False),
    ):  # fmt: skip
        catalog = Catalog({c.feed: c for c in (lines, WIDE, islands)}, {}, tmp_path)
        problems = check_suite(write_suite(tmp_path, [{**item, "severity": severity}]), lines, catalog=catalog)
        assert ["need not be loaded before" in p for p in problems] == ([True] if refused else [])


def test_arguments_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    item = rule(
        "it",
        "expect_rows_to_match_feed",
        "warning",
        **VALID,
        latest=True,
        row_condition=where("status_code", "==", "open"),
    )
    (found,) = load_suite(
        write_suite(tmp_path, [item]), LINES, Catalog({c.feed: c for c in (LINES, WIDE)}, {}, tmp_path)
    )
    assert (found.kind, found.columns) == ("reference", ("journal_id", "booked_date"))
    (found,) = load_suite(
        write_suite(
            tmp_path,
            [rule("it", "expect_totals_to_match_feed", "warning", **SUM, instead={"currency_code": "contact_name"})],
        ),
        LINES,
    )
    assert found.columns == ("net_amount", "journal_id", "currency_code", "contact_name")


def test_outside_the_gate_it_says_so() -> None:
    frame = pd.DataFrame({"journal_id": ["J"]})
    with pytest.raises(ValueError, match=r"what is in tests\.parents is known to the gate only"):
        RowsMatchFeed.on_pandas(frame, {"feed": "tests.parents"})


def test_in_words() -> None:
    rows = ExpectRowsToMatchFeed(
        **VALID, valid_to="until_date", where={"kind_code": ["spot", "none"]}, not_after={"settled_date": "closed_date"}
    )
    totals = ExpectTotalsToMatchFeed(**SUM, minus=["out_amount"], where={"is_current": True})
    for expectation, words in (
        (rows, "journal_id must occur together in tests.parents (month_text) where kind_code = spot or none, valid on booked_date (from since_date to until_date), with settled_date not after closed_date"),
        (totals, "for each journal_id, currency_code the sum of net_amount must equal that of in_amount − out_amount in tests.parents where is_current = True, to the cent"),
    ):  # fmt: skip
        template, params = expectation._sentence(expectation.configuration.kwargs)
        for name in sorted(params, key=len, reverse=True):
            template = template.replace(f"${name}", params[name])
        assert template == words
