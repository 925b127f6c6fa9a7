"""Steps that follow, stages in order and rows that repeat: engines and gate beside plain Python."""

# ruff: noqa: E501 (one sample a line reads better)

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from string import Template
from typing import Any

import pytest

from pipelines.catalog import Catalog
from pipelines.validate.expectations import (
    ExpectAmountsToFollowTariff,
    ExpectRowsNotToRepeat,
    ExpectStagesToBeInOrder,
    ExpectStepsToFollow,
)
from pipelines.validate.suites import check_suite
from tests.unit.validate.conftest import ADDS_UP, LINES, PARENTS, Desk, by_id, line, rule, write_suite
from tests.unit.validate.engines import Judged, dirty_rows, judged_on, raised

Row = dict[str, Any]
ROWS = dirty_rows()
STEPS = {
    "group": ["bank", "kind"], "order": "day", "step": "account",
    "steps": ["0800", "1000", "1400", "8400", "9999"],
    "after": {"1400": ["1000", "8400", "1400"], "8400": ["1400"], "1000": ["1000", "8400", "1400", "0800", "9999"]},
}  # fmt: skip
ALL = {"max_rejects": {"pct": 100}}
FINE = [line(f"g{i}", settled_date=None) for i in range(100)]


judged = judged_on(ROWS)


def ids(rows: list[Row]) -> list[int]:
    return sorted(r["row_id"] for r in rows)


def stepping(rows: list[Row], args: dict[str, Any], others: list[Row] | None = None) -> list[Row]:
    """Rows that follow one that they may not follow, or as a twin of such a row."""
    may_lack = args.get("or_missing") or []
    named = [*(c for c in args["group"] if c not in may_lack), args["order"], args["step"]]
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in [*rows, *(others or [])]:
        if all(row[c] is not None for c in named):
            groups[tuple(row[c] for c in args["group"])].append(row)
    broken = set()
    for key, members in groups.items():
        members.sort(key=lambda r: (r[args["order"]], args["steps"].index(r[args["step"]])))
        for at, row in enumerate(members):
            step, before = row[args["step"]], members[at - 1][args["step"]] if at else None
            late = before is not None and step in args["after"] and before not in args["after"][step]
            if late or (before is None and args.get("first") and step not in args["first"]):
                broken.add((key, row[args["order"]], step))
    return [r for r in rows if (tuple(r[c] for c in args["group"]), r[args["order"]], r[args["step"]]) in broken]


@pytest.mark.parametrize("more", [{}, {"first": ["1000"]}, {"group": ["bank", "currency"], "or_missing": ["currency"]}])
def test_steps(judged: Judged, more: dict[str, Any]) -> None:
    args = {**STEPS, **more}
    expected = ids(stepping(ROWS, args))
    assert 20 < len(expected) < 200
    if judged.name == "spark":
        assert "on Spark that is not offered" in raised(judged.result(ExpectStepsToFollow(**args), "BASIC"))
    else:
        assert judged.failing(ExpectStepsToFollow(**args)) == expected


def test_stages(judged: Judged) -> None:
    def late(row: Row) -> bool:
        lower = [
            r["entered"]
            for r in ROWS
            if None not in (r["bank"], r["number"], r["entered"])
            and (r["bank"], r["kind"]) == (row["bank"], row["kind"])
            and r["number"] < row["number"]
        ]
        return bool(lower) and row["entered"] < min(lower)

    expected = [r for r in ROWS if r["number"] is not None and r["entered"] is not None and late(r)]
    assert 2 < len(expected) < 100
    assert judged.failing(ExpectStagesToBeInOrder(group=["bank", "kind"], stage="number", time="entered")) == ids(
        expected
    )


def repeated(rows: list[Row], args: dict[str, Any]) -> list[Row]:
    may_lack, groups = args.get("or_missing") or [], defaultdict(list)

    def key(row: Row) -> tuple[Any, ...]:
        return tuple(row[c] for c in args["columns"])

    for n, row in enumerate(rows):
        if all(row[c] is not None for c in args["columns"] if c not in may_lack):
            document = row[args["document"]] if args.get("document") else None
            groups[key(row)].append(n if document is None else document)
    return [r for r in rows if len(set(groups[key(r)])) > 1]


@pytest.mark.parametrize(
    "args",
    [
        {"columns": ["bank", "paid", "kind", "account"]},
        {"columns": ["bank", "paid", "account"], "document": "journal_id"},
        {"columns": ["employee", "currency"], "or_missing": ["currency"], "document": "entered"},
    ],
)
def test_repeats(judged: Judged, args: dict[str, Any]) -> None:
    expected = repeated(ROWS, args)
    assert 10 < len(expected) < 235
    assert judged.failing(ExpectRowsNotToRepeat(**args)) == ids(expected)


def test_tariffs_are_for_the_gate(judged: Judged) -> None:
    asked = ExpectAmountsToFollowTariff(feed="a.b", match={"bank": "c"}, amount="net", quantity="gross", rate="r")
    assert "is known to the gate only" in raised(judged.result(asked, "BASIC"))


# -- in the gate, half of the rows in core ----------------------------------------------------------------


def halves(
    desk: Desk, kind: str, kwargs: Row, expect: Callable[[list[Row], list[Row]], list[Row]], own: list[Row]
) -> None:
    """The failing rows of a delta are those that plain Python finds among its rows and the ones before."""
    lines = [line(r["line_id"], **{c: v for c, v in r.items() if c != "line_id"}) for r in own]
    half = len(lines) // 2
    desk.suite([ADDS_UP, rule("it", kind, "warning", **kwargs)])
    desk.load(lines[:half])
    _, result = desk.gate([*FINE, *lines[half:]], desk.ref("delta", **ALL))
    expected = expect(own[half:], own[:half])
    assert 3 < len(expected) < len(own) - half
    outcome = by_id(result)["it"]
    assert outcome.failed == len(expected)
    places = [own[half:].index(r) + 102 for r in expected]
    assert [s["row_number"] for s in outcome.samples] == places[:20]


def some(seed: int, count: int = 160) -> list[Row]:
    rng = random.Random(seed)
    return [
        {
            "line_id": f"k{n}", "journal_id": rng.choice(["J1", "J2", "J3", None]), "head_count": rng.choice([1, 2, 3, 4, None]),
            "settled_date": date(2026, 3, 1) + timedelta(days=rng.randrange(40)), "status_code": rng.choice(["open", "settled"]),
            "item_quantity": Decimal(rng.randrange(4)), "parent_id": None,
        }
        for n in range(count)
    ]  # fmt: skip


GATE_STEPS = {
    "group": ["journal_id", "head_count"], "or_missing": ["head_count"], "order": "settled_date", "step": "status_code",
    "steps": ["open", "settled"], "after": {"settled": ["open"]},
}  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_steps_in_the_gate(desk: Desk, seed: int) -> None:
    halves(desk, "expect_steps_to_follow", GATE_STEPS, lambda a, b: stepping(a, GATE_STEPS, b), some(seed))


def test_stages_in_the_gate(desk: Desk) -> None:
    def late(own: list[Row], before: list[Row]) -> list[Row]:
        def wrong(row: Row) -> bool:
            lower = [
                r["settled_date"]
                for r in [*own, *before]
                if None not in (r["journal_id"], r["head_count"], row["head_count"])
                and r["journal_id"] == row["journal_id"]
                and r["head_count"] < row["head_count"]
            ]
            return bool(lower) and row["settled_date"] < min(lower)

        return [r for r in own if wrong(r)]

    rows = [r for r in some(3) if r["head_count"] != 1 or r["settled_date"] > date(2026, 3, 8)]
    stages = {"group": ["journal_id"], "stage": "head_count", "time": "settled_date"}
    halves(desk, "expect_stages_to_be_in_order", stages, late, rows)


def test_repeats_in_the_gate(desk: Desk) -> None:
    """Rows of core repeat under whatever document; rows of the delivery under another one only."""
    args = {
        "columns": ["settled_date", "item_quantity", "head_count"],
        "or_missing": ["head_count"],
        "document": "journal_id",
    }

    def again(own: list[Row], before: list[Row]) -> list[Row]:
        core = {tuple(r[c] for c in args["columns"]) for r in before}
        here = repeated(own, args)
        return [r for r in own if r in here or tuple(r[c] for c in args["columns"]) in core]

    halves(desk, "expect_rows_not_to_repeat", args, again, some(4, 300))


def test_what_the_rejects_say(desk: Desk) -> None:
    desk.suite([
        ADDS_UP, rule("steps", "expect_steps_to_follow", **{**GATE_STEPS, "first": ["open"]}),
        rule("repeats", "expect_rows_not_to_repeat", columns=["journal_id", "item_quantity"]),
        rule("stages", "expect_stages_to_be_in_order", group=["journal_id"], stage="head_count", time="settled_date"),
    ])  # fmt: skip
    day = date(2026, 3, 2)
    desk.load([line("a", journal_id="J1", settled_date=day, head_count=2, item_quantity=Decimal(7))])
    rows = [
        line("b", journal_id="J1", settled_date=day, head_count=2, status_code="settled", item_quantity=Decimal(1)),
        line("c", journal_id="J1", settled_date=day, head_count=2, status_code="settled", item_quantity=Decimal(2)),
        line("d", journal_id="J2", settled_date=day, status_code="settled", item_quantity=Decimal(1)),
        line("e", journal_id="J1", settled_date=date(2026, 3, 1), head_count=3, item_quantity=Decimal(6)),
        line("f", journal_id="J1", settled_date=day, head_count=3, item_quantity=Decimal(7)),
    ]
    delivery, _ = desk.gate([*FINE, *rows], desk.ref("delta", **ALL))
    query = "select rule_id, row_number, value from quarantine.reject where delivery_id = :id order by 1, 2"
    said = [(r.rpartition(".")[2], n, v) for r, n, v in desk.rows(query, id=delivery.delivery_id) if "group_" not in r]
    assert said == [
        ("repeats", 106, "J1 / 7: as a"),
        ("stages", 105, "J1 / 3: 2026-03-01, the one before began 2026-03-02"),
        ("steps", 102, "J1 / 2: settled after settled"),
        ("steps", 103, "J1 / 2: settled after settled"),
        ("steps", 104, "J2 / 1: settled first"),
    ]


# -- words and refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expectation", "sentence"),
    [
        (
            ExpectStepsToFollow(group=["s"], order="t", step="e", steps=["a", "b"], after={"b": ["a"]}, first=["a"]),
            "In every group of s, in the order of t, e may follow only so: b after a; a first.",
        ),
        (ExpectStagesToBeInOrder(group=["s"], stage="l", time="t"), "In every group of s t must not be before the first t of a lower l."),
        (ExpectRowsNotToRepeat(columns=["a", "b"]), "A, b must not be the same in two rows."),
        (ExpectRowsNotToRepeat(columns=["a"], document="d"), "A must not be the same in two rows of different d."),
        (
            ExpectAmountsToFollowTariff(
                feed="f.t", match={"l": "l"}, amount="a", quantity="q", rate="r", base="b", minimum="m", from_quantity="k",
                date="d", valid_from="v",
            ),
            "A must be b + r × q, at least m, as f.t says for l, from k of q on, by the newest v not after d, to 0.01.",
        ),
    ],
)  # fmt: skip
def test_they_read_as_sentences(expectation: Any, sentence: str) -> None:
    (shown,) = expectation._prescriptive_renderer(configuration=expectation.configuration)
    text = Template(shown.string_template["template"]).substitute(shown.string_template["params"])
    assert text[0].upper() + text[1:] == sentence
    assert "supported_data_sources" in type(expectation).schema()["properties"]["metadata"]["properties"]


STEP = {"group": ["journal_id"], "order": "settled_date", "step": "status_code", "steps": ["open", "settled"]}
TARIFF = {"feed": "tests.parents", "match": {"parent_id": "parent_id"}, "amount": "item_price", "quantity": "item_quantity",
          "rate": "parent_id"}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "kwargs", "why"),
    [
        ("steps_to_follow", {**STEP, "after": {}}, "anything may follow anything"),
        ("steps_to_follow", {**STEP, "after": {"paid": ["open"]}}, "paid is not in steps"),
        ("steps_to_follow", {**STEP, "steps": ["open", "paid"], "after": {"paid": ["open"]}}, "'paid' for column status_code"),
        ("steps_to_follow", {**STEP, "after": {"open": []}, "or_missing": ["journal_id"]}, "or_missing names all of group"),
        ("steps_to_follow", {**STEP, "after": {"open": []}, "or_missing": ["line_id"]}, "line_id, which is not in group"),
        ("steps_to_follow", {**STEP, "after": {"open": []}, "order": "journal_id"}, "journal_id is in group"),
        ("steps_to_follow", {**STEP, "after": {"open": []}, "order": "parent_id"}, "order: column parent_id is text, not a date"),
        ("stages_to_be_in_order", {"group": ["journal_id"], "stage": "journal_id", "time": "settled_date"}, "journal_id is in group"),
        ("stages_to_be_in_order", {"group": ["journal_id"], "stage": "parent_id", "time": "settled_date"}, "stage: column parent_id is text"),
        ("rows_not_to_repeat", {"columns": ["journal_id"], "document": "journal_id"}, "would never be equal"),
        ("rows_not_to_repeat", {"columns": ["journal_id"], "or_missing": ["journal_id"]}, "or_missing names all columns"),
        ("rows_not_to_repeat", {"columns": ["journal_id"], "or_missing": ["line_id"]}, "line_id, which is not in columns"),
        ("amounts_to_follow_tariff", {**TARIFF, "date": "booked_date"}, "goes together with valid_from"),
        ("amounts_to_follow_tariff", {**TARIFF, "date_instead": "booked_date"}, "date_instead needs date"),
        ("amounts_to_follow_tariff", {**TARIFF, "quantity": "item_price"}, "amount and quantity are one column"),
        ("amounts_to_follow_tariff", {**TARIFF, "quantity": "journal_id"}, "quantity: column journal_id is no number"),
        ("amounts_to_follow_tariff", {**TARIFF, "amount": "net_amount"}, "name it in `match`, else sums mix currencies"),
        ("amounts_to_follow_tariff", TARIFF, "item_price is number and tests.parents.parent_id is text: not comparable"),
    ],
)  # fmt: skip
def test_refused(tmp_path: Path, kind: str, kwargs: dict[str, Any], why: str) -> None:
    catalog = Catalog({c.feed: c for c in (LINES, PARENTS)}, {}, tmp_path)
    written = write_suite(tmp_path, [rule("it", f"expect_{kind}", **kwargs)])
    problems = check_suite(written, LINES, catalog=catalog)
    assert any(why in problem for problem in problems), problems
