"""Lines that count by their kind, and values that must reach a declared minimum: engines and gate beside plain Python."""

# ruff: noqa: E501 (one sample a line reads better)

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from great_expectations.expectations.row_conditions import Column

from pipelines.delivery import Verdict
from pipelines.validate.expectations import ExpectKindsToAddUp, ExpectValuesToReachMinimum
from pipelines.validate.suites import check_suite
from tests.conftest import url_of
from tests.unit.validate.conftest import ADDS_UP, LINES, Desk, by_id, column, contract, line, rule, where, write_suite
from tests.unit.validate.engines import ENGINES, Judged, dirty_rows

Row = dict[str, Any]
COUNTS = {"plus": ["earning", "back"], "minus": ["tax"], "total": ["net"]}
SLIP = {"group": ["journal_id", "currency"], "kind": "kind", "amount": "signed", **COUNTS}
FIRST = date(2026, 1, 1)
MINIMUMS = [
    {"currency": "EUR", "kind": "a", "valid_from": "2026-02-01", "minimum": 12.82},
    {"currency": "EUR", "kind": "a", "valid_from": "2026-01-10", "minimum": 12.5, "law": "a law"},
    {"currency": "GBP", "kind": "a", "valid_from": "2026-01-01", "minimum": 11.44},
]
LEAST = {"column": "price", "date": "day", "match": ["currency", "kind"], "minimums": MINIMUMS}


def payslips(seed: int = 5) -> list[Row]:
    """Lines of sixty payslips: a third off by a cent, some without a net, some with two, gaps in every column."""
    rng = random.Random(seed)
    template = dirty_rows(20)[0]
    rows: list[Row] = []
    for slip in range(60):
        lines = [(rng.choice(["earning", "back", "tax", "cost", None]), Decimal(rng.randrange(9999)) / 100) for _ in range(rng.randint(1, 4))]  # fmt: skip
        net = sum(((a if k in ("earning", "back") else -a if k == "tax" else Decimal(0)) for k, a in lines), Decimal(0))
        net += rng.choice([Decimal(0), Decimal(0), Decimal("0.01")])
        stated = rng.choice([[("net", net)], [("net", net)], [("net", net - 5), ("net", Decimal(5))], []])
        for kind, amount in [*lines, *stated]:
            gap = rng.random()
            rows.append(
                {
                    **template, "row_id": len(rows), "journal_id": None if gap < 0.02 else f"P{slip}", "kind": kind,
                    "currency": None if 0.02 < gap < 0.04 else "EUR", "signed": None if 0.04 < gap < 0.06 else amount,
                }
            )  # fmt: skip
    return rows


def rates(seed: int = 6) -> list[Row]:
    """Rates around the minimums of three currencies and two months."""
    rng = random.Random(seed)
    template = dirty_rows(20)[0]
    exact = [Decimal(t) for t in ("12.82", "12.8199", "12.5", "12.4999", "11.44", "11.4399")]
    return [
        {
            **template, "row_id": n, "currency": rng.choice(["EUR", "EUR", "GBP", "USD", None]),
            "kind": rng.choice(["a", "a", "a", "b"]), "day": rng.choice([None, *[FIRST + timedelta(days=rng.randrange(60))] * 9]),
            "price": rng.choice([None, Decimal("1.0000"), *exact]),
        }
        for n in range(240)
    ]  # fmt: skip


def not_adding_up(rows: Sequence[Row], counts: dict[str, list[str]] | None = None, group: Sequence[str] = ("journal_id", "currency"), kind: str = "kind", amount: str = "signed") -> list[int]:  # fmt: skip
    sides = counts or COUNTS
    groups: dict[Any, list[int]] = defaultdict(list)
    for n, row in enumerate(rows):
        if None not in (key := tuple(row[c] for c in group)):
            groups[key].append(n)

    def total(side: str, members: list[int]) -> Decimal:
        return sum((rows[n][amount] or Decimal(0) for n in members if rows[n][kind] in sides.get(side, [])), Decimal(0))

    broken = [
        members for members in groups.values()
        if any(rows[n][kind] in sides["total"] for n in members)
        and total("plus", members) - total("minus", members) != total("total", members)
    ]  # fmt: skip
    return sorted(n for members in broken for n in members)


def too_low(rows: Sequence[Row]) -> list[int]:
    found = []
    for n, row in enumerate(rows):
        if None in (row["price"], row["day"], row["currency"], row["kind"]):
            continue
        entries = [
            (date.fromisoformat(e["valid_from"]), Decimal(str(e["minimum"])))
            for e in MINIMUMS
            if (e["currency"], e["kind"]) == (row["currency"], row["kind"])
        ]
        holding = [least for since, least in sorted(entries) if since <= row["day"]]
        if holding and row["price"] < holding[-1]:
            found.append(n)
    return found


@pytest.fixture(params=ENGINES)
def judged(request: pytest.FixtureRequest) -> Iterator[Callable[[list[Row]], Judged]]:
    """Asks an engine about a table."""
    url, open_ = "", list[Judged]()
    if request.param == "postgresql":
        settings, database = (request.getfixturevalue(f) for f in ("server_settings", "database"))
        url = url_of(settings, database, "owner")

    def of(rows: list[Row]) -> Judged:
        open_.append(Judged(request.param, rows, url))
        return open_[-1]

    yield of
    for engine in open_:
        engine.close()


def test_kinds_add_up(judged: Callable[[list[Row]], Judged]) -> None:
    rows = payslips()
    engine = judged(rows)
    expected = not_adding_up(rows)
    assert 30 < len(expected) < len(rows) / 2
    assert engine.failing(ExpectKindsToAddUp(**SLIP)) == expected
    fewer = {**COUNTS, "minus": []}
    assert engine.failing(ExpectKindsToAddUp(**{**SLIP, "minus": []})) == not_adding_up(rows, fewer) != expected
    small = [r for r in rows if r["signed"] is not None and r["signed"] < 60]
    where_small = [small[n]["row_id"] for n in not_adding_up(small)]
    assert engine.failing(ExpectKindsToAddUp(**SLIP, row_condition=Column("signed") < 60)) == where_small != expected


def test_values_reach_minimum(judged: Callable[[list[Row]], Judged]) -> None:
    rows = rates()
    engine = judged(rows)
    expected = too_low(rows)
    assert 30 < len(expected) < 120
    assert engine.failing(ExpectValuesToReachMinimum(**LEAST)) == expected
    pounds = [n for n in expected if rows[n]["currency"] == "GBP"]
    assert engine.failing(ExpectValuesToReachMinimum(**LEAST, row_condition=Column("currency") == "GBP")) == pounds
    assert 0 < len(pounds) < len(expected)


NAMES = {"group": ["journal_id", "currency_code"], "kind": "contact_name", "amount": "net_amount", **COUNTS}


def test_kinds_add_up_in_the_gate(desk: Desk) -> None:
    rows = payslips(8)
    desk.suite([ADDS_UP, rule("it", "expect_kinds_to_add_up", **NAMES)])
    lines = [
        line(str(n), journal_id=r["journal_id"], currency_code=r["currency"], contact_name=r["kind"], net_amount=r["signed"], tax_amount=None)
        for n, r in enumerate(rows)
    ]  # fmt: skip
    delivery, result = desk.gate(lines, desk.ref(max_rejects={"pct": 100}), chunk=50)
    expected = not_adding_up(rows)
    assert desk.rejects(delivery)["it"] == [n + 2 for n in expected]
    with_net = {(r["journal_id"], r["currency"]) for r in rows if r["kind"] == "net"}
    keys = [(r["journal_id"], r["currency"]) for r in rows]
    assert by_id(result)["it"].evaluated == sum(None not in k and k in with_net for k in keys) < len(rows)


def test_they_say_by_how_much(desk: Desk) -> None:
    desk.suite([ADDS_UP, rule("it", "expect_kinds_to_add_up", **NAMES)])

    def slip(key: str, *parts: tuple[str, str]) -> list[Any]:
        return [line(f"{key}{n}", journal_id=key, contact_name=k, net_amount=Decimal(a), tax_amount=None) for n, (k, a) in enumerate(parts)]  # fmt: skip

    fine = [x for n in range(40) for x in slip(f"g{n}", ("earning", "9.00"), ("tax", "2.00"), ("net", "7.00"))]
    wrong = slip("P", ("earning", "100.00"), ("tax", "20.00"), ("net", "80.01"))
    delivery, result = desk.gate([*fine, *wrong])
    assert result.verdict is Verdict.PASS_WITH_REJECTS, result.message
    said = desk.rows(
        "select distinct value, cause_code from quarantine.reject where delivery_id = :id", id=delivery.delivery_id
    )
    assert said == [("P / EUR: parts 80.00, stated 80.01, difference -0.01", "does_not_add_up")]


def test_without_a_stated_total_nothing_is_judged_and_nothing_held(desk: Desk) -> None:
    desk.suite([ADDS_UP, rule("it", "expect_kinds_to_add_up", **NAMES)])
    _, result = desk.gate([line("a", journal_id="P", contact_name="earning")])
    assert result.verdict is Verdict.PASS
    assert by_id(result)["it"].observed == "not evaluated: no line is of kind net"
    assert by_id(result)["it"].success is None


GATE_LEAST = {
    "column": "item_price", "date": "booked_date", "match": ["currency_code", "status_code"],
    "minimums": [{("currency_code" if k == "currency" else "status_code" if k == "kind" else k): ("open" if v == "a" else v) for k, v in e.items()} for e in MINIMUMS],
}  # fmt: skip


def test_minimums_in_the_gate(desk: Desk) -> None:
    desk.suite([ADDS_UP, rule("it", "expect_values_to_reach_minimum", **GATE_LEAST)])
    samples = {
        "at": ("12.82", "2026-02-01", "EUR"), "below": ("12.81", "2026-02-01", "EUR"), "before": ("12.50", "2026-01-31", "EUR"),
        "below_before": ("12.49", "2026-01-31", "EUR"), "no_entry_yet": ("1.00", "2026-01-09", "EUR"), "elsewhere": ("1.00", "2026-02-01", "USD"),
    }  # fmt: skip
    lines = [line(f"g{n}", item_price=Decimal(20)) for n in range(100)]
    lines += [line(k, item_price=Decimal(p), booked_date=date.fromisoformat(d), currency_code=c) for k, (p, d, c) in samples.items()]  # fmt: skip
    delivery, _ = desk.gate(lines)
    assert desk.rejects(delivery) == {"it": [103, 105]}


TYPED = contract("tests.lines", *(c for c in LINES.columns if c.name != "contact_name"), column("contact_name", semantic="code", codes=("earning", "back", "tax", "net")))  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "kwargs", "said"),
    [
        ("kinds_to_add_up", {**NAMES, "group": []}, "does not accept"),
        ("kinds_to_add_up", {**NAMES, "plus": []}, "does not accept"),
        ("kinds_to_add_up", {**NAMES, "total": []}, "does not accept"),
        ("kinds_to_add_up", {**NAMES, "minus": ["net"]}, "net is named twice in plus, minus and total"),
        ("kinds_to_add_up", {**NAMES, "kind": "journal_id"}, "journal_id is in group"),
        ("kinds_to_add_up", {**NAMES, "kind": "head_count"}, "kind: column head_count is number, not a text"),
        ("kinds_to_add_up", {**NAMES, "amount": "parent_id"}, "amount: column parent_id is text, not a number"),
        ("kinds_to_add_up", {**NAMES, "group": ["journal_id"]}, "net_amount is in currency_code: name it in `group`"),
        ("kinds_to_add_up", {**NAMES, "total": ["nett"]}, "'nett' for column contact_name, expected one of earning, back, tax, net"),
        ("kinds_to_add_up", {**NAMES, "amount": "nobody"}, "unknown column 'nobody'"),
        ("kinds_to_add_up", {**NAMES, "decimals": 2}, "decimals is for use outside the gate"),
        ("values_to_reach_minimum", {**GATE_LEAST, "minimums": []}, "does not accept"),
        ("values_to_reach_minimum", {**GATE_LEAST, "match": []}, "does not accept"),
        ("values_to_reach_minimum", {**GATE_LEAST, "column": "line_id"}, "column: column line_id is text, not a number"),
        ("values_to_reach_minimum", {**GATE_LEAST, "date": "line_id"}, "date: column line_id is text, not a date"),
        ("values_to_reach_minimum", {**GATE_LEAST, "match": ["currency_code"]}, "has status_code, which is not in match"),
        ("values_to_reach_minimum", {**GATE_LEAST, "match": ["currency_code", "status_code", "journal_id"]}, "entry 1 of minimums lacks journal_id"),
        ("values_to_reach_minimum", {**GATE_LEAST, "minimums": [GATE_LEAST["minimums"][0]] * 2}, "entry 2 of minimums says again what holds for EUR, open, 2026-02-01"),
        ("values_to_reach_minimum", {**GATE_LEAST, "minimums": [{**GATE_LEAST["minimums"][0], "valid_from": "2026-2-1"}]}, "expected an ISO date"),
        ("values_to_reach_minimum", {**GATE_LEAST, "minimums": [{**GATE_LEAST["minimums"][0], "minimum": "12"}]}, "has the minimum '12', expected a number"),
        ("values_to_reach_minimum", {**GATE_LEAST, "minimums": [{**GATE_LEAST["minimums"][0], "status_code": "opne"}]}, "'opne' for column status_code, expected one of open, settled"),
        ("values_to_reach_minimum", {**GATE_LEAST, "minimums": ["12"]}, "is '12', expected valid_from, minimum"),
    ],
)  # fmt: skip
def test_refused(tmp_path: Path, kind: str, kwargs: Row, said: str) -> None:
    problems = check_suite(write_suite(tmp_path, [rule("it", f"expect_{kind}", **kwargs)]), TYPED)
    assert any(said in problem for problem in problems), problems


def test_accepted_and_worded(tmp_path: Path) -> None:
    items = [
        rule("kinds", "expect_kinds_to_add_up", **NAMES, row_condition=where("status_code", "==", "open")),
        rule("least", "expect_values_to_reach_minimum", **GATE_LEAST),
    ]
    assert check_suite(write_suite(tmp_path, items), TYPED) == []
    sentence, params = ExpectKindsToAddUp._sentence(NAMES)
    for name, value in sorted(params.items(), key=lambda p: -len(p[0])):
        sentence = sentence.replace(f"${name}", value)
    assert sentence == (
        "in every group of journal_id, currency_code that states it, the sum of net_amount by contact_name, "
        "earning + back − tax, must equal net, to the cent"
    )
