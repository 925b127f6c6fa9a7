"""Every row bad for several reasons: counted, sampled and kept to the last; and what each rule cost."""

# ruff: noqa: E501 (one rule a line reads better)

from __future__ import annotations

import time
from decimal import Decimal

import sqlalchemy as sa

from pipelines.delivery import Verdict
from pipelines.reject import Baseline
from pipelines.validate.chunks import ChunkGate
from pipelines.validate.gate import SAMPLES
from pipelines.validate.measures import row_measurements
from pipelines.validate.suites import load_suite
from pipelines.warehouse.connection import without_loops
from tests.unit.validate.conftest import (
    ADDS_UP,
    LINES,
    Desk,
    by_id,
    clean_batch,
    line,
    problem_batch,
    rule,
    where,
    write_suite,
)

NAMES = rule("name", "expect_column_value_lengths_to_be_between", column="contact_name", max_value=3, mostly=0.25)
COUNT = rule("count", "expect_column_values_to_be_between", column="head_count", min_value=10, kontor={"on_failure": "hold"})  # fmt: skip
SUITE = [
    ADDS_UP,
    NAMES,
    COUNT,
    rule("lead", "expect_column_values_to_not_be_null", column="settled_date", severity="warning"),
    rule("dollars", "expect_column_values_to_be_null", column="settled_date", row_condition=where("currency_code", "==", "USD")),
    rule("prices", "expect_column_values_to_be_unique", column="item_price"),
    rule("rows", "expect_table_row_count_to_be_between", min_value=1),
]  # fmt: skip
PROBLEM = (Baseline.UNREADABLE, "net_amount", "12,x")
BAD = [
    line(f'k"{i}', problems=[PROBLEM], net_amount=None, booked_date=None, contact_name="Ön Duty", gross_amount=Decimal(7), item_price=i)
    for i in range(250)
]  # fmt: skip


def test_every_row_rejected_for_several_reasons(desk: Desk) -> None:
    desk.suite(SUITE)
    delivery, result = desk.gate(BAD, chunk=60)
    rows = list(range(2, 252))
    assert desk.rejects(delivery) == dict.fromkeys(
        ("unreadable.net_amount", "required.booked_date", "name", "count"), rows
    )
    assert set(desk.fates(delivery).values()) == {"rejected"} and result.verdict is Verdict.HOLD
    assert (result.counts.received, result.counts.rejected, result.counts.accepted) == (250, 250, 0)
    rules = by_id(result)
    for name, value in (
        ("unreadable.net_amount", "12,x"),
        ("required.booked_date", None),
        ("name", "Ö******"),
        ("count", "1"),
    ):
        assert (rules[name].failed, len(rules[name].samples)) == (250, SAMPLES), name
        assert [s["row_number"] for s in rules[name].samples] == rows[:SAMPLES]
        assert {v for s in rules[name].samples for v in s["values"].values()} == {value}
    kept = desk.rows(
        "select row_number, cells, amounts, currencies from quarantine.row where delivery_id = :id order by 1",
        id=delivery.delivery_id,
    )
    amounts = {"tax_amount": "1.90", "gross_amount": "7.00"}
    assert kept == [(n, {"Nr": f'k"{n - 2}'}, amounts, dict.fromkeys(amounts, "EUR")) for n in rows]


def test_evidence_of_every_rule(desk: Desk) -> None:
    desk.suite(SUITE)
    delivery, result = desk.gate([*(line(f"g{i}", head_count=10, contact_name="Al") for i in range(98)), *BAD[:2]])
    stored = {
        name.removeprefix(f"{LINES.feed}."): values
        for name, *values in desk.rows(
            "select rule_id, evaluated, share, threshold, seconds from ops.rule_result where delivery_id = :id",
            id=delivery.delivery_id,
        )
    }
    assert stored.keys() == by_id(result).keys()
    bounds = {name: threshold for name, (_, _, threshold, _) in stored.items() if threshold is not None}
    assert bounds == {"name": 0.75, "count": 0.0, "max_rejects": 0.05}
    assert stored["name"][:2] == [100, 0.02] and stored["dollars"][:2] == [0, None]
    timed = {"adds_up", "name", "count", "lead", "prices", "rows", "key_unique", "repeated_row", "required.line_id"}
    assert all(stored[name][3] > 0 for name in (*timed, "required.booked_date", "unreadable.net_amount"))
    assert {stored[name][3] for name in ("not_empty", "has_rules", "max_rejects")} == {None}


def test_the_rules_together_cost_no_more_than_the_gate(desk: Desk) -> None:
    rules = load_suite(write_suite(desk.folder, SUITE), LINES)
    gate = ChunkGate(LINES, rules)
    started = time.process_time()
    for at in range(0, len(BAD), 50):
        gate.judge(clean_batch(BAD[at : at + 50], at + 2), problem_batch(BAD[at : at + 50], at + 2))
    spent = time.process_time() - started
    seconds = [m.seconds for m in row_measurements(gate, LINES, rules)]
    assert all(s is not None and s > 0 for s in seconds[:5])
    assert 0 < sum(s or 0 for s in seconds) <= spent


def test_new_rejects_are_not_looked_up_one_by_one(desk: Desk) -> None:
    """Without statistics PostgreSQL would read the whole work table once for each reject: minutes for some thousands."""
    delivery, _ = desk.gate(BAD)
    shown = sa.text("show enable_nestloop")
    plan = sa.text(
        f"explain select from {delivery.work_table} w join quarantine.reject j on w._row_number = j.row_number "
        f"and w._row_part = j.row_part where j.delivery_id = {delivery.delivery_id} and j.state = 'open'"
    )
    with desk.warehouse.transaction() as conn:
        with without_loops(conn):
            assert conn.scalar(shown) == "off" and "Nested Loop" not in "".join(conn.scalars(plan))
        assert conn.scalar(shown) == "on"
