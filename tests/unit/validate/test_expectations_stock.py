"""Positions beside movements and values beside those of another feed, in the gate, beside plain Python."""

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
from pipelines.validate.expectations import (
    ExpectPositionsToRollForward,
    ExpectValuesToBeNearFeed,
    PositionsRollForward,
    ValuesNearFeed,
)
from pipelines.validate.suites import check_suite
from pipelines.warehouse.connection import Warehouse
from tests.unit.validate.conftest import LINES, Desk, Line, by_id, line, rule, where, write_suite
from tests.unit.validate.test_expectations_matches import MORE, WIDE, into_core

DAYS = [date(2026, 3, 1) + timedelta(days=n) for n in range(12)]
ROLLS: dict[str, Any] = {
    "match": {"journal_id": "month_text", "contact_name": "currency_code"}, "date": "booked_date", "quantity": "net_amount",
    "feed": "tests.parents", "feed_date": "day_date", "feed_quantity": "in_amount", "whole": ["journal_id"],
    "opening": {"kind_code": "spot"},
}  # fmt: skip
NEAR: dict[str, Any] = {
    "column": "net_amount", "feed": "tests.parents", "feed_column": "in_amount",
    "match": {"journal_id": "month_text", "currency_code": "currency_code"}, "least": 0.9, "most": 1.1,
}  # fmt: skip


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


def position(key: str, place: str | None, item: str | None, day: date, quantity: Decimal | int | None) -> Line:
    """Stock of an item at a place at the end of a day."""
    amount = None if quantity is None else Decimal(quantity)
    return line(key, journal_id=place, contact_name=item, booked_date=day, net_amount=amount, tax_amount=None)


def movement(key: str, place: str, item: str, day: date, quantity: Decimal | int, kind: str = "none") -> dict[str, Any]:
    amount = Decimal(quantity)
    return {
        "parent_id": key,
        "month_text": place,
        "currency_code": item,
        "day_date": day,
        "in_amount": amount,
        "kind_code": kind,
    }


def seeded(seed: int) -> tuple[list[Line], list[Line], list[dict[str, Any]]]:
    """What core has, a delivery, and movements that explain most of it: places, items, lots and days in all mixtures."""
    rng = random.Random(seed)
    before, now, moves = list[Line](), list[Line](), list[dict[str, Any]]()
    for place in ("W1", "W2", "W3"):
        starts = rng.randrange(6)
        for item in "abcdef":
            stock, opens = Decimal(0), rng.randrange(8)
            if rng.random() < 0.6:
                stock = Decimal(rng.randrange(1, 900)) / 100
                moves.append(movement(f"o{len(moves)}", place, item, DAYS[opens], stock, "spot"))
            for number, day in enumerate(DAYS):
                if number < opens:
                    continue
                for _ in range(rng.randrange(3)):
                    quantity = Decimal(rng.randrange(-300, 400)) / 100
                    stock += quantity
                    moves.append(movement(f"m{len(moves)}", place, item, day, quantity))
                if number < starts or rng.random() < 0.3:
                    continue
                shown = stock + (Decimal("0.01") if rng.random() < 0.15 else 0)
                lots = [shown] if rng.random() < 0.7 else [shown - 1, Decimal(1)]
                for lot, quantity in enumerate(lots):
                    key = f"{place}{item}{number}{lot}"
                    (before if number < 7 else now).append(position(key, place, item, day, quantity))
    now += [
        position("n1", None, "a", DAYS[9], 1),
        position("n2", "W1", None, DAYS[9], 1),
        position("n3", "W1", "a", DAYS[9], None),
    ]
    rng.shuffle(now)
    return before, now, moves


def expected_positions(
    args: dict[str, Any], before: Sequence[Line], now: Sequence[Line], moves: Sequence[dict[str, Any]]
) -> list[int]:
    """The same rule, position by position in Python: the failing row numbers."""

    def told(rows: Sequence[Line]) -> list[dict[str, Any]]:
        named = ("journal_id", "contact_name", "booked_date", "net_amount")
        return [b for b in (r.business for r in rows) if all(b[c] is not None for c in named)]

    own = told(now)
    first_own = min(b["booked_date"] for b in own)
    places: dict[tuple[str, str], dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for b in [*own, *(b for b in told(before) if b["booked_date"] < first_own)]:
        places[b["journal_id"], b["contact_name"]][b["booked_date"]] += b["net_amount"]
    lists: dict[str, set[date]] = defaultdict(set)
    for (place, _), days in places.items():
        lists[place] |= set(days)
    first = min(m["day_date"] for m in moves)
    failing = []
    for number, row in enumerate(now, 2):
        b = row.business
        if None in (b["journal_id"], b["contact_name"], b["net_amount"]):
            continue
        group, day = (b["journal_id"], b["contact_name"]), b["booked_date"]
        mine = [m for m in moves if (m["month_text"], m["currency_code"]) == group and m["day_date"] <= day]
        opens = [m for m in mine if args.get("opening") and m["kind_code"] == args["opening"]["kind_code"]]
        earlier = [d for d in places[group] if d < day]
        if earlier:
            since = max(earlier)
            had = places[group][since]
            mine = [m for m in mine if m not in opens]
        else:
            starts = (
                [max(d for d in lists[group[0]] if d < day)]
                if args.get("whole") and any(d < day for d in lists[group[0]])
                else []
            )
            starts += [max(m["day_date"] for m in opens) - timedelta(days=1)] if opens else []
            if not starts:
                continue
            since, had = max(starts), Decimal(0)
        moved = sum((m["in_amount"] for m in mine if m["day_date"] > since), Decimal(0))
        if since >= first - timedelta(days=1) and had + moved != places[group][day]:
            failing.append(number)
    return failing


VARIANTS = [ROLLS, {k: v for k, v in ROLLS.items() if k != "whole"}, {k: v for k, v in ROLLS.items() if k != "opening"}]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_positions_roll_forward_as_python_says(parents: Desk, seed: int) -> None:
    before, now, moves = seeded(seed)
    parents.load(before)
    # what another source or client says is another stock
    parents.load([position("x", "W1", "a", DAYS[6], 99)], source="other")
    into_core(parents, "tests_parents", moves)
    into_core(
        parents, "tests_parents", [{**m, "in_amount": Decimal(1)} for m in moves], client_id=f"not_{parents.client}"
    )
    parents.suite(
        [rule(f"r{n}", "expect_positions_to_roll_forward", "warning", **args) for n, args in enumerate(VARIANTS)]
    )
    _, result = parents.gate(now, chunk=40)
    for number, args in enumerate(VARIANTS):
        failing = expected_positions(args, before, now, moves)
        outcome = by_id(result)[f"r{number}"]
        assert (outcome.evaluated, outcome.failed) == (len(now) - 3, len(failing)), number
        assert [s["row_number"] for s in outcome.samples] == failing[:20], number
        assert 3 < len(failing) < len(now) / 2


def test_what_is_rejected_says_what_was_there_and_what_moved(parents: Desk) -> None:
    into_core(
        parents,
        "tests_parents",
        [movement("o", "W", "E", DAYS[0], 10, "spot"), movement("m", "W", "E", DAYS[1], "1.50")],
    )
    parents.suite(
        [rule("rolls", "expect_positions_to_roll_forward", **ROLLS, row_condition=where("status_code", "==", "open"))]
    )
    lines = [
        position("k1", "W", "E", DAYS[0], "9.99"),
        position("k2", "W", "E", DAYS[1], "11.5"),
        position("k3", "W", "F", DAYS[1], 2),
    ]
    delivery, _ = parents.gate([*lines, *(position(f"g{n}", "X", "E", DAYS[0], 1) for n in range(100))])
    assert parents.rejects(delivery) == {"rolls": [2, 3, 4]}
    said = parents.rows(
        "select value from quarantine.reject where delivery_id = :id order by row_number", id=delivery.delivery_id
    )
    assert [value for (value,) in said] == [
        "W***********: 9.99, none before and 10 moved since give 10",
        "W***********: 11.5, 9.99 on 2026-03-01 and 1.5 moved since give 11.49",
        "W***********: 2, none before and 0 moved since give 0",
    ]


@pytest.mark.parametrize(("mode", "failed"), [("snapshot", 1), ("delta", 0)])
def test_lots_that_a_delta_does_not_bring_are_still_there(parents: Desk, mode: str, failed: int) -> None:
    """10 on the first day, and on the second 4 of one lot, beside which core has 6 of the other."""
    into_core(parents, "tests_parents", [movement("o", "W", "E", DAYS[0], 10, "spot")])
    parents.load(
        [position("a", "W", "E", DAYS[0], 10), position("b", "W", "E", DAYS[1], 6), position("c", "W", "E", DAYS[1], 5)]
    )
    parents.suite([rule("rolls", "expect_positions_to_roll_forward", "warning", **ROLLS)])
    _, result = parents.gate([position("c", "W", "E", DAYS[1], 4)], parents.ref(mode))
    assert by_id(result)["rolls"].failed == failed


def test_nothing_is_judged_without_movements(parents: Desk) -> None:
    """Not before the first one ever delivered, and not at all where the client delivers none."""
    into_core(parents, "tests_parents", [movement("m", "W", "E", DAYS[5], 1)])
    parents.suite([rule("rolls", "expect_positions_to_roll_forward", "warning", **ROLLS)])
    lines = [position(f"k{n}", "W", "E", DAYS[n], n) for n in range(7)]
    _, result = parents.gate(lines)
    assert [s["row_number"] for s in by_id(result)["rolls"].samples] == [8]  # 6 after 5 and nothing that moved
    parents.delivers("tests.lines")
    _, result = parents.gate(lines)
    assert by_id(result)["rolls"].observed == f"not evaluated: {parents.client} delivers no tests.parents"
    assert result.verdict is Verdict.PASS


NEARS = [
    NEAR,
    {**NEAR, "least": None},
    {**NEAR, "most": None, "slack": 0.05, "ignore_zero": True},
    {**NEAR, "added_up": True, "least": 0.5, "most": 2.0},
    {**NEAR, "added_up": True, "if_known": ["journal_id"], "where": {"kind_code": ["spot", None]}, "slack": 0.5},
]  # fmt: skip


def expected_near(
    args: dict[str, Any], others: Sequence[dict[str, Any]], lines: Sequence[Line]
) -> tuple[list[int], int]:
    """The same rule, row by row in Python: failing row numbers, and how many rows are judged."""
    failing, judged = [], 0
    slack, least, most = (
        None if args.get(n, 0) is None else Decimal(str(args.get(n, 0))) for n in ("slack", "least", "most")
    )
    for number, row in enumerate(lines, 2):
        own = row.business
        if any(own[c] is None for c in (args["column"], *args["match"])):
            continue
        if args.get("if_known") and not any(o["month_text"] == own["journal_id"] for o in others):
            continue
        judged += 1
        found = [
            o["in_amount"] for o in others
            if all(o[t] == own[c] for c, t in args["match"].items()) and o["in_amount"] is not None
            and (not args.get("where") or o["kind_code"] in args["where"]["kind_code"])
            and (not args.get("ignore_zero") or o["in_amount"] != 0)
        ]  # fmt: skip
        found = [sum(found, Decimal(0))] if args.get("added_up") else found

        def fits(other: Decimal, value: Decimal = own[args["column"]]) -> bool:
            value = -value if other < 0 else value
            low = least is None or value >= abs(other) * least - slack
            return low and (most is None or value <= abs(other) * most + slack)

        if found and not any(map(fits, found)):
            failing.append(number)
    return failing, judged


def test_values_are_near_as_python_says(parents: Desk) -> None:
    rng = random.Random(5)
    others = [
        {
            "parent_id": f"p{n}", "month_text": rng.choice(["A", "B", "C", None]), "currency_code": rng.choice(["EUR", "GBP", None]),
            "in_amount": rng.choice([None, Decimal(0), Decimal(rng.randrange(-50, 400)) / 100]), "kind_code": rng.choice(["spot", "none", None]),
        }
        for n in range(25)
    ]  # fmt: skip
    lines = [
        line(f"k{n}", journal_id=rng.choice(["A", "B", "C", "D", None]), currency_code=rng.choice(["EUR", "GBP", "USD"]),
             net_amount=rng.choice([None, Decimal(0), Decimal(rng.randrange(-50, 400)) / 100]))
        for n in range(200)
    ]  # fmt: skip
    into_core(parents, "tests_parents", others)
    into_core(parents, "tests_parents", [{**o, "in_amount": Decimal(1)} for o in others], _known_to=date(2021, 1, 1))
    into_core(parents, "tests_parents", others, client_id=f"not_{parents.client}")
    parents.suite([rule(f"r{n}", "expect_values_to_be_near_feed", "warning", **args) for n, args in enumerate(NEARS)])
    _, result = parents.gate(lines, chunk=40)
    for number, args in enumerate(NEARS):
        failing, judged = expected_near(args, others, lines)
        outcome = by_id(result)[f"r{number}"]
        assert (outcome.evaluated, outcome.failed) == (judged, len(failing)), args
        assert [s["row_number"] for s in outcome.samples] == failing[:20], args
        assert 0 < len(failing) < judged, args


def test_a_price_that_is_off_says_both_and_a_bound_is_inside(parents: Desk) -> None:
    into_core(
        parents,
        "tests_parents",
        [{"parent_id": "p", "month_text": "J", "currency_code": "EUR", "in_amount": Decimal(10)}],
    )
    into_core(
        parents,
        "tests_parents",
        [{"parent_id": f"q{n}", "month_text": "K", "currency_code": "EUR", "in_amount": Decimal(n)} for n in (1, 3)],
    )
    parents.suite(
        [rule("near", "expect_values_to_be_near_feed", **{**NEAR, "least": 0.98, "most": 1.02, "slack": 0.005})]
    )
    amounts = ["10.20", "9.80", "10.21", "9.79"]
    lines = [line(f"k{n}", journal_id="J", net_amount=Decimal(a)) for n, a in enumerate(amounts)]
    lines += [line("two", journal_id="K", net_amount=Decimal(2)), line("none", journal_id="L", net_amount=Decimal(2))]
    delivery, _ = parents.gate([*lines, *(line(f"g{n}") for n in range(100))])
    assert parents.rejects(delivery) == {"near": [4, 5, 6]}
    said = parents.rows(
        "select value from quarantine.reject where delivery_id = :id order by row_number", id=delivery.delivery_id
    )
    assert [value for (value,) in said] == [
        "J / EUR: 10.21, tests.parents 10", "J / EUR: 9.79, tests.parents 10", "J / EUR: 2, tests.parents 1 to 3",
    ]  # fmt: skip


def test_what_only_another_feed_permits_needs_that_feed(parents: Desk) -> None:
    into_core(parents, "tests_parents", [{"parent_id": "p", "month_text": "J", "is_current": True}])
    known = {"feed": "tests.parents", "match": {"journal_id": "month_text"}, "where": {"is_current": True}}
    below = where("net_amount", "<", 0)
    parents.suite([rule("needed", "expect_rows_to_match_feed", "warning", **known, needed=True, row_condition=below)])
    lines = [
        line("a", journal_id="J", net_amount=Decimal(-1)),
        line("b", journal_id="K", net_amount=Decimal(-1)),
        line("c", journal_id="K"),
    ]
    _, result = parents.gate(lines)
    assert [s["row_number"] for s in by_id(result)["needed"].samples] == [3]
    parents.delivers("tests.lines")
    with parents.warehouse.transaction() as conn:
        conn.execute(
            sa.text("update core.tests_parents set _known_to = now() where client_id = :c"), {"c": parents.client}
        )
    _, result = parents.gate(lines)
    assert [s["row_number"] for s in by_id(result)["needed"].samples] == [2, 3]


@pytest.mark.parametrize(
    ("kind", "kwargs", "said"),
    [
        ("values_to_be_near_feed", {**NEAR, "least": None, "most": None}, "name a bound"),
        ("values_to_be_near_feed", {**NEAR, "least": 2.0}, "at least 2.0 and at most 1.1"),
        ("values_to_be_near_feed", {**NEAR, "column": "journal_id"}, "journal_id is text, not a number"),
        ("values_to_be_near_feed", {**NEAR, "feed_column": "month_text"}, "not comparable"),
        ("values_to_be_near_feed", {**NEAR, "feed_column": "nobody"}, "has no column 'nobody'"),
        ("values_to_be_near_feed", {**NEAR, "if_known": ["journal_id"]}, "if_known goes with added_up"),
        ("values_to_be_near_feed", {**NEAR, "added_up": True, "if_known": ["line_id"]}, "if_known names line_id"),
        ("values_to_be_near_feed", {**NEAR, "units": {"unit": "journal_id"}}, "units needs feed_product"),
        ("values_to_be_near_feed", {**NEAR, "units": {"unit": "journal_id", "feed_product": "month_text", "size": 1}}, "units is an object with"),
        ("values_to_be_near_feed", {**NEAR, "units": {"unit": "nobody", "feed_product": "month_text"}}, "unknown column 'nobody'"),
        ("positions_to_roll_forward", {**ROLLS, "date": "journal_id"}, "is in match"),
        ("positions_to_roll_forward", {**ROLLS, "date": "status_code"}, "status_code is text, not a date"),
        ("positions_to_roll_forward", {**ROLLS, "feed_date": "month_text"}, "not comparable"),
        ("positions_to_roll_forward", {**ROLLS, "whole": ["line_id"]}, "whole names line_id"),
        ("positions_to_roll_forward", {**ROLLS, "opening": {"kind_code": "sopt"}}, "'sopt' for column kind_code"),
        ("positions_to_roll_forward", {**ROLLS, "opening": {}}, "opening is one column"),
        ("positions_to_roll_forward", {**ROLLS, "units": {"product": "line_id", "unit": "line_id", "feed_unit": "parent_id"}}, "product is one of the own columns in match"),
        ("positions_to_roll_forward", {**ROLLS, "units": {"product": "journal_id", "unit": "line_id", "feed_unit": "nobody"}}, "has no column 'nobody'"),
    ],
)  # fmt: skip
def test_refused(tmp_path: Path, kind: str, kwargs: dict[str, Any], said: str) -> None:
    catalog = Catalog({c.feed: c for c in (LINES, replace(WIDE))}, {}, tmp_path)
    problems = check_suite(write_suite(tmp_path, [rule("it", f"expect_{kind}", **kwargs)]), LINES, catalog=catalog)
    assert any(said in problem for problem in problems), problems


@pytest.mark.parametrize(("kind", "kwargs"), [("values_to_be_near_feed", NEAR), ("positions_to_roll_forward", ROLLS)])
def test_accepted(tmp_path: Path, kind: str, kwargs: dict[str, Any]) -> None:
    catalog = Catalog({c.feed: c for c in (LINES, WIDE)}, {}, tmp_path)
    assert check_suite(write_suite(tmp_path, [rule("it", f"expect_{kind}", **kwargs)]), LINES, catalog=catalog) == []


@pytest.mark.parametrize("metric", [PositionsRollForward, ValuesNearFeed])
def test_outside_the_gate_it_says_so(metric: Any) -> None:
    with pytest.raises(ValueError, match=r"what is in tests\.parents is known to the gate only"):
        metric.on_pandas(pd.DataFrame({"journal_id": ["J"]}), {"feed": "tests.parents"})


def test_in_words() -> None:
    near = ExpectValuesToBeNearFeed(**{**NEAR, "slack": 0.005}, where={"kind_code": "spot"})
    rolls = ExpectPositionsToRollForward(**ROLLS)
    for expectation, words in (
        (near, "Net_amount must be at least 0.9 and at most 1.1 times tests.parents.in_amount"),
        (
            rolls,
            "For each journal_id, contact_name, in the order of booked_date, net_amount must be the one before plus",
        ),
    ):
        template, params = expectation._worded(expectation.configuration.kwargs)
        for name, value in sorted(params.items(), key=lambda p: -len(p[0])):
            template = template.replace(f"${name}", value)
        assert template.lower().startswith(words.lower()), template
