"""What payroll asks of rules about other feeds, groups and successions, in the gate, beside plain Python on seeded data.

Ranges of days, values that a row found must hold, totals by kind, totals within a period, counts, empty group columns,
sums that change little.
"""

# ruff: noqa: E501 (one sample a line reads better)

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from pipelines.catalog import Catalog
from pipelines.validate.expectations import (
    ChangesLarge,
    ExpectChangesToBeSmall,
    ExpectGroupsToAgree,
    GroupsAgree,
)
from pipelines.validate.suites import check_suite, load_rules
from pipelines.warehouse.connection import Warehouse
from tests.unit.validate.conftest import ADDS_UP, LINES, Desk, Line, by_id, line, rule, where, write_suite
from tests.unit.validate.test_expectations_matches import ALL, FIRST, WIDE, into_core, parents, widened

__all__ = ["parents", "widened"]
Row = dict[str, Any]
FINE = [line(f"g{i}") for i in range(100)]


def seeded(seed: int) -> tuple[list[Row], list[Line]]:
    """Rows of the other feed with ranges, kinds and amounts, and lines with a first and a last day."""
    rng = random.Random(seed)
    others = []
    for n in range(60):
        since = FIRST + timedelta(days=rng.randrange(40))
        others.append(
            {
                "parent_id": f"p{n}", "month_text": f"m{n % 7}", "since_date": since,
                "until_date": rng.choice([None, since + timedelta(days=rng.randrange(15))]),
                "day_date": FIRST + timedelta(days=rng.randrange(40)), "kind_code": rng.choice(["spot", "closing", "none"]),
                "currency_code": rng.choice(["EUR", "GBP", None]), "in_amount": rng.choice([None, *map(Decimal, ("1.00", "2.00", "4.00"))]),
                "out_amount": rng.choice([None, Decimal("1.00")]), "local_amount": None,
            }
        )  # fmt: skip
    lines = []
    for n in range(160):
        first = FIRST + timedelta(days=rng.randrange(40))
        lines.append(
            line(
                f"k{n}", journal_id=rng.choice([None, *(f"m{i}" for i in range(9))]), booked_date=first,
                settled_date=rng.choice([None, *[first + timedelta(days=rng.randrange(9))] * 9]), tax_amount=None,
                currency_code=rng.choice(["EUR", "EUR", "GBP"]), net_amount=rng.choice([None, *map(Decimal, ("1.00", "1.50", "2.00", "3.00"))]),
                contact_name=rng.choice(["spot", "closing", "none"]), parent_id=rng.choice(["p0", "p1", "p2"]),
            )
        )  # fmt: skip
    return others, lines


MATCH = {"feed": "tests.parents", "match": {"journal_id": "month_text"}}
SPAN = {**MATCH, "date": "settled_date", "date_from": "booked_date", "valid_from": "since_date"}
ROWS: list[Row] = [
    {**SPAN, "valid_to": "until_date"},
    {**SPAN, "valid_to": "until_date", "grace_days": 3},
    {**SPAN, "latest": True, "equals": {"net_amount": "in_amount", "currency_code": "currency_code"}},
    {**SPAN, "latest": True, "equals": {"net_amount": "in_amount"}, "times": {"net_amount": [1.5, 3.0]}},
    {**MATCH, "equals": {"contact_name": "kind_code"}, "where": {"currency_code": ["EUR", None]}},
]


def finds(args: Row, others: list[Row], own: Row) -> bool | None:
    """Whether the other feed has a row for this one; None when it is not judged."""
    needed = [
        *args["match"],
        *(args.get("equals") or {}),
        *([args["date"], args["date_from"]] if args.get("date") else []),
    ]
    if any(own[c] is None for c in needed):
        return None
    there = [o for o in others if all(o[t] == own[c] for c, t in args["match"].items())]
    if args.get("date"):
        first, last = own[args["date_from"]], own[args["date"]]
        for o in list(there):
            following = [x["since_date"] for x in there if x["since_date"] > o["since_date"]]
            end = (
                o["until_date"]
                if args.get("valid_to")
                else min(following) - timedelta(days=1)
                if args.get("latest") and following
                else None
            )
            end = end and end + timedelta(days=args.get("grace_days", 0))
            o["_fits"] = o["since_date"] <= last and (end is None or end >= first)
        there = [o for o in there if o.pop("_fits")]

    def same(o: Row, c: str, t: str) -> bool:
        factors = [Decimal(1), *(Decimal(str(f)) for f in (args.get("times") or {}).get(c, []))]
        return o[t] is None or (o[t] == own[c] if isinstance(own[c], str) else any(own[c] == o[t] * f for f in factors))

    there = [o for o in there if all(o[c] in v for c, v in (args.get("where") or {}).items())]
    return any(all(same(o, c, t) for c, t in (args.get("equals") or {}).items()) for o in there)


def test_rows_match_on_a_day_of_a_range_with_equal_values(parents: Desk) -> None:
    others, lines = seeded(21)
    into_core(parents, "tests_parents", others)
    parents.suite([rule(f"r{n}", "expect_rows_to_match_feed", "warning", **args) for n, args in enumerate(ROWS)])
    _, result = parents.gate(lines, chunk=40)
    for number, args in enumerate(ROWS):
        found = [finds(args, others, row.business) for row in lines]
        failing = [n for n, f in enumerate(found, 2) if f is False]
        outcome = by_id(result)[f"r{number}"]
        assert (outcome.evaluated, outcome.failed) == (sum(f is not None for f in found), len(failing)), args
        assert [s["row_number"] for s in outcome.samples] == failing[:20], args
        assert 0 < len(failing) < outcome.evaluated, args


OWN_KINDS = {"column": "contact_name", "total": ["spot"], "plus": ["closing"], "minus": ["none"], "per": ["parent_id"]}
THEIR_KINDS = {"column": "kind_code", "total": ["closing"], "plus": ["spot"], "minus": ["none"]}
BOTH = {"journal_id": "month_text", "currency_code": "currency_code"}
SUM = {"feed": "tests.parents", "match": BOTH, "amount": "net_amount", "plus": ["in_amount"]}
TOTALS: list[Row] = [
    {**SUM, "if_stated": True},
    {**SUM, "kinds": OWN_KINDS},
    {**SUM, "feed_kinds": THEIR_KINDS, "if_stated": True},
    {**SUM, "kinds": OWN_KINDS, "feed_kinds": {**THEIR_KINDS, "per": ["parent_id"]}, "minus": ["out_amount"]},
    {**SUM, "during": {"date": "day_date", "start": "booked_date", "end": "settled_date"}},
    {**SUM, "during": {"date": "day_date", "start": "booked_date", "end": "settled_date"}, "if_stated": True, "where": {"kind_code": ["spot", "none"]}},
    {"feed": "tests.parents", "match": BOTH, "count": ["parent_id", "contact_name"], "plus": ["in_amount"], "if_stated": True},
]  # fmt: skip


def by_kind(kinds: Row | None, rows: list[tuple[Row, Decimal]]) -> Decimal:
    if kinds is None:
        return sum((a for _, a in rows), Decimal(0))
    parts: dict[Any, list[tuple[str, Decimal]]] = defaultdict(list)
    for row, amount in rows:
        parts[tuple(row[c] for c in kinds.get("per", []))].append((row[kinds["column"]], amount))
    total = Decimal(0)
    for lines in parts.values():
        stated = [a for k, a in lines if k in kinds["total"]]
        signed = [a if k in kinds["plus"] else -a for k, a in lines if k in kinds["plus"] + kinds["minus"]]
        total += sum(stated if stated else signed, Decimal(0))
    return total


def test_totals_by_kind_within_a_period_and_only_where_stated(parents: Desk) -> None:
    others, lines = seeded(22)
    _, loaded = seeded(23)
    into_core(parents, "tests_parents", others)
    parents.load([replace(row, key=f"o{n}") for n, row in enumerate(loaded)], source="other")
    parents.suite([rule(f"t{n}", "expect_totals_to_match_feed", "warning", **args) for n, args in enumerate(TOTALS)])
    _, result = parents.gate(lines, parents.ref(**ALL), chunk=40)
    for number, args in enumerate(TOTALS):
        during = args.get("during") or {}
        names = [*args["match"], *(during[n] for n in ("start", "end") if during)]

        def key(row: Row, names: list[str] = names) -> Any:
            return tuple(row[c] for c in names)

        def theirs(k: Any, args: Row = args, during: Row = during) -> list[tuple[Row, Decimal]]:
            found = []
            for o in others:
                amounts = [(o[c], s) for s, names in ((1, args["plus"]), (-1, args.get("minus", []))) for c in names]
                if tuple(o[t] for t in args["match"].values()) != k[:2] or (
                    all(a is None for a, _ in amounts) and args.get("if_stated")
                ):
                    continue
                if args.get("where") and o["kind_code"] not in args["where"]["kind_code"]:
                    continue
                if during and not k[2] <= o["day_date"] <= k[3]:
                    continue
                found.append((o, sum(((a or Decimal(0)) * s for a, s in amounts), Decimal(0))))
            return found

        own = defaultdict(list)
        for row in [*(r.business for r in lines), *(r.business for r in loaded)]:
            own[key(row)].append(row)
        judged, failing = 0, []
        for at, row in enumerate((r.business for r in lines), 2):
            k = key(row)
            if None in k or (args.get("if_stated") and not theirs(k)):
                continue
            judged += 1
            mine: Any = len({(r["parent_id"], r["contact_name"]) for r in own[k]})
            if args.get("amount"):
                mine = by_kind(args.get("kinds"), [(r, r["net_amount"] or Decimal(0)) for r in own[k]])
            if mine != by_kind(args.get("feed_kinds"), theirs(k)):
                failing.append(at)
        outcome = by_id(result)[f"t{number}"]
        assert (outcome.evaluated, outcome.failed) == (judged, len(failing)), args
        assert [s["row_number"] for s in outcome.samples] == failing[:20], args
        assert 0 < len(failing) <= judged, args


def test_a_total_that_nobody_states_is_not_judged_and_holds_nothing(parents: Desk) -> None:
    into_core(
        parents, "tests_parents", [{"parent_id": "a", "month_text": "J", "currency_code": "EUR", "in_amount": None}]
    )
    parents.suite([ADDS_UP, rule("it", "expect_totals_to_match_feed", **SUM, if_stated=True)])
    _, result = parents.gate([*FINE, line("x", journal_id="J")])
    assert result.verdict.value == "pass" and by_id(result)["it"].success is None
    assert by_id(result)["it"].observed == "not evaluated: tests.parents states no such total"


def test_totals_may_be_apart_by_half_a_cent_for_each_line(parents: Desk) -> None:
    stated = {"J1": ["100.00"], "J2": ["10.01"], "J3": ["15.00", "15.01"], "J4": ["100.03"]}
    others = [
        {"parent_id": f"{at}{n}", "month_text": at, "currency_code": "EUR", "in_amount": Decimal(a)}
        for at, amounts in stated.items()
        for n, a in enumerate(amounts)
    ]
    into_core(parents, "tests_parents", others)
    parents.suite([rule("it", "expect_totals_to_match_feed", "warning", **SUM, tolerance_per_line=0.005)])
    own = [("J1", "50.00"), ("J1", "50.01"), ("J2", "10.00"), ("J3", "30.00"), ("J4", "50.00"), ("J4", "50.01")]
    lines = [line(f"x{n}", journal_id=at, currency_code="EUR", net_amount=Decimal(a)) for n, (at, a) in enumerate(own)]
    _, result = parents.gate(lines)
    outcome = by_id(result)["it"]
    # J2 is a cent off with one line, J4 two cents with two.
    assert (outcome.evaluated, [s["row_number"] for s in outcome.samples]) == (6, [4, 6, 7])


AGREE = {"group": ["journal_id", "currency_code"], "columns": ["parent_id"]}


def disagreeing(rows: list[Row], others: list[Row], may_lack: list[str]) -> list[int]:
    groups: dict[Any, set[Any]] = defaultdict(set)

    def key(row: Row) -> Any:
        k = [row[c] for c in AGREE["group"]]
        return None if any(v is None for c, v in zip(AGREE["group"], k, strict=True) if c not in may_lack) else tuple(k)

    for row in [*rows, *others]:
        groups[key(row)] |= {row["parent_id"]} - {None}
    return [n for n, row in enumerate(rows) if key(row) is not None and len(groups[key(row)]) > 1]


def grouped(seed: int) -> list[Row]:
    rng = random.Random(seed)
    return [
        {"journal_id": rng.choice([None, *(f"J{i}" for i in range(20))]), "currency_code": rng.choice(["EUR", None]),
         "parent_id": rng.choice([None, "p1", "p1", "p1", "p2"])}
        for _ in range(60)
    ]  # fmt: skip


@pytest.mark.parametrize("may_lack", [[], ["currency_code"], ["journal_id"]])
def test_groups_with_empty_columns_agree_on_engines_and_in_the_gate(
    desk: Desk, owner: Warehouse, may_lack: list[str]
) -> None:
    rows, others = grouped(1), grouped(2)
    args = {**AGREE, "or_missing": may_lack or None}
    expectation = ExpectGroupsToAgree(**args)
    frame = pd.DataFrame(rows).dropna(subset=expectation.column_list)
    expected = disagreeing(rows, [], may_lack)
    assert list(frame.index[GroupsAgree.on_pandas(frame, args)]) == expected
    with owner.transaction() as conn:
        table = sa.Table(
            "agreeing",
            sa.MetaData(),
            sa.Column("n", sa.Integer()),
            *(sa.Column(c, sa.Text()) for c in rows[0]),
            prefixes=["temporary"],
        )
        table.create(conn)
        conn.execute(table.insert(), [{"n": n, **row} for n, row in enumerate(rows)])
        given = sa.and_(*(sa.column(c).is_not(None) for c in expectation.column_list))
        judged = sa.select(table).where(given).subquery("judged")
        assert (
            sorted(conn.scalars(sa.select(sa.column("n")).select_from(judged).where(GroupsAgree.on_sql(judged, args))))
            == expected
        )
        conn.execute(sa.text("drop table agreeing"))
    into_core(desk, "tests_lines", [{**r, "line_id": f"o{n}"} for n, r in enumerate(others)], _source="other")
    own = {k: v for k, v in args.items() if v}
    desk.suite(
        [
            rule("alone", "expect_groups_to_agree", "warning", **own),
            rule("beside", "expect_groups_to_agree", "warning", **own, beside=True),
        ]
    )
    _, result = desk.gate([line(f"k{n}", **row) for n, row in enumerate(rows)], chunk=25)
    for name, there in (("alone", []), ("beside", others)):
        found = disagreeing(rows, there, may_lack)
        assert by_id(result)[name].failed == len(found)
        assert [s["row_number"] - 2 for s in by_id(result)[name].samples] == found[:20]
    assert len(disagreeing(rows, others, may_lack)) > len(expected) > 0


CHANGE = {
    "group": ["journal_id"],
    "order": "booked_date",
    "column": "gross_amount",
    "max_change_pct": 40.0,
    "added_up": True,
}


def far_in_sum(rows: list[Row], others: list[Row]) -> list[int]:
    sums: dict[Any, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in [*rows, *others]:
        if None not in (row["journal_id"], row["gross_amount"]):
            sums[row["journal_id"]][row["booked_date"]] += row["gross_amount"]
    far = set()
    for group, days in sums.items():
        order = sorted(days)
        for at, day in enumerate(order):

            def apart(other: date, days: dict[date, Decimal] = days, day: date = day) -> bool:
                return abs(days[day] - days[other]) > abs(days[other]) * Decimal("0.4")

            if at and apart(order[at - 1]) and (at + 1 == len(order) or apart(order[at + 1])):
                far.add((group, day))
    return [
        n for n, r in enumerate(rows) if r["gross_amount"] is not None and (r["journal_id"], r["booked_date"]) in far
    ]


def test_sums_change_little_on_engines_and_in_the_gate(desk: Desk, owner: Warehouse) -> None:
    def made(seed: int) -> list[Row]:
        rng = random.Random(seed)
        return [
            {"journal_id": rng.choice([None, *(f"J{i}" for i in range(12))]), "booked_date": date(2026, rng.randint(1, 6), 1),
             "gross_amount": rng.choice([None, *map(Decimal, (1, 2, 3))])}
            for _ in range(200)
        ]  # fmt: skip

    rows, others = made(1), made(2)[:40]
    expected = far_in_sum(rows, [])
    needed = ExpectChangesToBeSmall(**CHANGE).column_list
    frame = pd.DataFrame(rows).dropna(subset=needed)
    assert list(frame.index[ChangesLarge.on_pandas(frame, CHANGE)]) == expected
    with owner.transaction() as conn:
        types = {"booked_date": sa.Date(), "gross_amount": sa.Numeric(18, 2), "journal_id": sa.Text()}
        table = sa.Table(
            "sums",
            sa.MetaData(),
            sa.Column("n", sa.Integer()),
            *(sa.Column(c, types[c]) for c in rows[0]),
            prefixes=["temporary"],
        )
        table.create(conn)
        conn.execute(table.insert(), [{"n": n, **row} for n, row in enumerate(rows)])
        found = sa.select(sa.column("n")).select_from(table).where(ChangesLarge.on_sql(table.alias("j"), CHANGE))
        assert sorted(conn.scalars(found)) == expected
        conn.execute(sa.text("drop table sums"))
    into_core(desk, "tests_lines", [{**r, "line_id": f"o{n}"} for n, r in enumerate(others)], _source="other")
    desk.suite([rule("it", "expect_changes_to_be_small", "warning", **CHANGE)])
    given = [line(f"k{n}", **row, net_amount=None, tax_amount=None) for n, row in enumerate(rows)]
    outcome = by_id(desk.gate(given, chunk=50)[1])["it"]
    beside = far_in_sum(rows, others)
    assert (outcome.failed, [s["row_number"] - 2 for s in outcome.samples]) == (len(beside), beside[:20])
    assert 20 < len(expected) != len(beside)


@pytest.mark.parametrize(
    ("kind", "kwargs", "said"),
    [
        ("rows_to_match_feed", {**MATCH, "date_from": "booked_date"}, "date_from, the first day, needs date"),
        ("rows_to_match_feed", {**SPAN, "grace_days": 3}, "grace_days needs valid_to"),
        ("rows_to_match_feed", {**SPAN, "valid_to": "until_date", "grace_days": -1}, "does not accept"),
        ("rows_to_match_feed", {**MATCH, "times": {"net_amount": [2]}}, "times names net_amount, which is not in equals"),
        ("rows_to_match_feed", {**MATCH, "equals": {"net_amount": "month_text"}}, "net_amount is number and tests.parents.month_text is text"),
        ("rows_to_match_feed", {**MATCH, "equals": {"net_amount": "nobody"}}, "tests.parents has no column 'nobody'"),
        ("rows_to_match_feed", {**MATCH, "equals": {"nobody": "month_text"}}, "unknown column 'nobody'"),
        ("rows_to_match_feed", {**SPAN, "date_from": "journal_id"}, "journal_id is text and tests.parents.since_date is date"),
        ("totals_to_match_feed", {**SUM, "count": ["line_id"]}, "either amount is added up, or the values of count"),
        ("totals_to_match_feed", {**SUM, "amount": None}, "either amount is added up, or the values of count"),
        ("totals_to_match_feed", {**SUM, "amount": None, "count": ["line_id"], "plus": ["month_text"]}, "tests.parents.month_text is text, not a number"),
        ("totals_to_match_feed", {**SUM, "amount": None, "count": ["line_id"], "kinds": OWN_KINDS}, "what is counted has none"),
        ("totals_to_match_feed", {**SUM, "kinds": {"plus": ["a"]}}, "kinds needs a column"),
        ("totals_to_match_feed", {**SUM, "kinds": {"column": "contact_name"}}, "kinds names no kind"),
        ("totals_to_match_feed", {**SUM, "kinds": {"column": "contact_name", "plus": "a"}}, "kinds has plus, minus, total and per as lists"),
        ("totals_to_match_feed", {**SUM, "kinds": {**OWN_KINDS, "minus": ["spot"]}}, "kinds names spot twice"),
        ("totals_to_match_feed", {**SUM, "kinds": {**OWN_KINDS, "sum": ["spot"]}}, "and not sum"),
        ("totals_to_match_feed", {**SUM, "kinds": {**OWN_KINDS, "column": "nobody"}}, "unknown column 'nobody'"),
        ("totals_to_match_feed", {**SUM, "kinds": {**OWN_KINDS, "column": "status_code"}}, "for column status_code, expected one of open, settled"),
        ("totals_to_match_feed", {**SUM, "feed_kinds": {**THEIR_KINDS, "plus": ["sopt"]}}, "where: 'sopt' for column kind_code"),
        ("totals_to_match_feed", {**SUM, "feed_kinds": {**THEIR_KINDS, "per": ["nobody"]}}, "tests.parents has no column 'nobody'"),
        ("totals_to_match_feed", {**SUM, "during": {"date": "day_date"}}, "during needs date, a column of the other feed, and start and end"),
        ("totals_to_match_feed", {**SUM, "during": {"date": "month_text", "start": "booked_date", "end": "settled_date"}}, "booked_date is date and tests.parents.month_text is text"),
        ("groups_to_agree", {**AGREE, "or_missing": ["line_id"]}, "or_missing names line_id, which is not in group"),
        ("groups_to_agree", {**AGREE, "or_missing": AGREE["group"]}, "or_missing names all of group"),
    ],
)  # fmt: skip
def test_refused(tmp_path: Path, kind: str, kwargs: Row, said: str) -> None:
    catalog = Catalog({c.feed: c for c in (LINES, WIDE)}, {}, tmp_path)
    problems = check_suite(write_suite(tmp_path, [rule("it", f"expect_{kind}", **kwargs)]), LINES, catalog=catalog)
    assert any(said in problem for problem in problems), problems


def test_a_rule_of_the_client_stands_in_the_place_of_the_feeds(desk: Desk) -> None:
    least = {"column": "gross_amount", "min_value": 0}
    common = [
        ADDS_UP,
        rule("least", "expect_column_values_to_be_between", **least),
        rule("last", "expect_column_values_to_not_be_null", column="line_id"),
    ]
    desk.suite(common)
    own = [
        rule(
            "least",
            "expect_column_values_to_be_between",
            kontor={"replaces": "advances are netted"},
            column="gross_amount",
            min_value=-100,
        ),
        rule("more", "expect_column_values_to_not_be_null", column="line_id"),
    ]

    def write(items: list[Row]) -> Path:
        path = write_suite(desk.folder / "own", items, f"{LINES.feed}.{desk.client}".replace("tests.", "tests.", 1))
        target = desk.folder / "tests" / f"lines.{desk.client}.json"
        target.write_text(path.read_text())
        return target

    path = write(own)
    beside = desk.folder / "tests" / "lines.json"
    assert check_suite(path, LINES, beside=beside) == []
    assert [r.id.removeprefix("tests.lines.") for r in load_rules(desk.catalog, LINES, desk.client)] == [
        "adds_up",
        "least",
        "last",
        "more",
    ]
    assert load_rules(desk.catalog, LINES, desk.client)[1].expectation.min_value == -100
    assert load_rules(desk.catalog, LINES)[1].expectation.min_value == 0
    lines = [
        *FINE,
        line("a", gross_amount=Decimal(-100), net_amount=Decimal(-100), tax_amount=Decimal(0)),
        line("b", gross_amount=Decimal(-101), net_amount=Decimal(-101), tax_amount=Decimal(0)),
    ]
    delivery, _ = desk.gate(lines)
    assert desk.rejects(delivery) == {"least": [103]}
    for kontor, said in (
        ({}, "twice; every rule has its own id"),
        ({"replaces": " "}, "expected a text: why the client's rule stands in its place"),
        ({"replaces": True}, "expected a text"),
    ):
        item = rule("least", "expect_column_values_to_be_between", kontor=kontor, **least)
        assert any(said in p for p in check_suite(write([item]), LINES, beside=beside)), kontor
    alone = rule("nothing", "expect_column_values_to_be_between", kontor={"replaces": "why"}, **least)
    assert any("is no rule of the feed's suite" in p for p in check_suite(write([alone]), LINES, beside=beside))
    desk.suite([ADDS_UP, alone])
    assert any("is no rule of the feed's suite" in p for p in check_suite(beside, LINES))


def test_conditions_reach_what_stays(desk: Desk) -> None:
    """Rows that a condition leaves out are no neighbours in the warehouse either."""
    into_core(
        desk,
        "tests_lines",
        [{"line_id": "o", "journal_id": "J", "currency_code": "EUR", "parent_id": "p2", "status_code": "settled"}],
        _source="other",
    )
    desk.suite(
        [
            rule(
                "it",
                "expect_groups_to_agree",
                "warning",
                **AGREE,
                beside=True,
                row_condition=where("status_code", "==", "open"),
            )
        ]
    )
    assert by_id(desk.gate([line("a", journal_id="J", parent_id="p1")])[1])["it"].success is True
