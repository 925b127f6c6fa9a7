"""Rows that core has already: the gate comes to the same with all their columns and with the few it needs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import sqlalchemy as sa

from pipelines.delivery import Delivery
from pipelines.errors import TransientError
from pipelines.validate.files import PARTS
from pipelines.validate.gate import GateResult
from pipelines.validate.known import among
from pipelines.validate.same_keys import SameKeys, key_hashes
from pipelines.warehouse import known_rows
from tests.unit.validate.conftest import (
    ADDS_UP,
    CLEAN_SCHEMA,
    LINES,
    Desk,
    Line,
    clean_batch,
    line,
    rule,
    where,
    write_files,
)

NEVER = 10**9
SUITE = [
    ADDS_UP,
    rule("once", "expect_column_values_to_be_unique", column="contact_name", row_condition=where("head_count", ">", 3)),
    rule("pairs", "expect_compound_columns_to_be_unique", "warning", column_list=["item_price", "item_quantity"]),
    rule(
        "balances", "expect_groups_to_balance", "warning",
        group=["journal_id", "currency_code"], debit="net_amount", credit="gross_amount",
    ),
    rule(
        "rolls", "expect_groups_to_roll_forward", "warning",
        group=["journal_id", "currency_code"], opening="tax_amount", amount="net_amount", closing="gross_amount",
    ),
    rule("agrees", "expect_groups_to_agree", "warning", group=["journal_id"], columns=["status_code"]),
    rule(
        "follows", "expect_sequences_to_be_unbroken", "warning",
        group=["status_code"], number="item_price", date="settled_date", opening="tax_amount", closing="gross_amount",
    ),
    rule(
        "twice", "expect_no_near_duplicates", "warning",
        partner="status_code", number="journal_id", amount="gross_amount", date="booked_date",
    ),
    rule(
        "usual", "expect_pairs_to_be_usual", "warning", of=3,
        group=["journal_id"], account="contact_name", debit="net_amount", credit="tax_amount",
    ),
    rule(
        "sums", "expect_group_sums_to_be_at_most", "warning",
        group=["status_code"], column="item_quantity", most=9, date="settled_date", per="day",
    ),
    rule("passed", "expect_dates_to_be_near_delivery", "warning", column="settled_date", days_after=70),
    rule("own", "expect_column_values_to_be_in_feed", column="parent_id", feed="tests.lines", feed_column="line_id"),
    rule(
        "settled", "expect_column_min_to_be_between", "warning", kontor={"over": "received"},
        column="settled_date", min_value="2026-03-02", row_condition=where("status_code", "==", "settled"),
    ),
    rule("heads", "expect_column_sum_to_be_between", "warning", column="head_count", min_value=0, max_value=100),
    rule("rows", "expect_table_row_count_to_be_between", min_value=1),
]  # fmt: skip


def base(n: int) -> Line:
    """Lines of journals of four, some of which refer to another line."""
    more: dict[str, Any] = {"contact_name": f"Office {n}", "journal_id": f"j{n // 4}", "item_price": Decimal(n)}
    if n % 7 == 0:
        more["parent_id"] = f"k{n + 1}"
    if n % 3 == 0:
        more |= {"status_code": "settled", "settled_date": date(2026, 3, n % 28 + 1)}
    return line(f"k{n}", head_count=n % 6, **more)


def changed(rng: random.Random, old: Line) -> Iterator[Line]:
    """What has become of a line that was loaded."""
    fate = rng.random()
    key, values = old.key, old.values
    if fate < 0.7:
        yield old
    elif fate < 0.76:
        yield line(key, **{**values, "contact_name": "Sample Office 2"})
    elif fate < 0.80:
        yield from (old, old)
    elif fate < 0.84:
        yield from (old, line(key, **{**values, "item_quantity": Decimal(9)}))
    elif fate < 0.88:
        yield line(key, **{**values, "gross_amount": Decimal(1)})
    elif fate < 0.91:
        yield line(None, **values)
    elif fate < 0.94:
        yield line(key, "skipped", **values)


def outcome(desk: Desk, delivery: Delivery, result: GateResult) -> dict[str, Any]:
    """All that the gate left, but for times and the numbers of rejects."""
    own = {"id": delivery.delivery_id}
    return {
        "result": {n: getattr(result, n) for n in ("verdict", "counts", "amounts", "rules", "holds", "message")},
        "content": result.content_hash,
        "fates": desk.rows(f"select _row_number, _fate, _skip_reason, _row_hash from {delivery.work_table} order by 1"),
        "rejects": desk.rows(
            "select row_number, row_part, rule_id, column_name, value, message, severity, state, owner, cause_code "
            "from quarantine.reject where delivery_id = :id order by reject_id", **own,
        ),
        "rows": desk.rows("select * from quarantine.row where delivery_id = :id order by row_number", **own),
    }  # fmt: skip


def known(desk: Desk, delivery: Delivery) -> int:
    return int(desk.rows(f"select count(*) from {delivery.work_table} where _known")[0][0])


@pytest.mark.parametrize("mode", ["snapshot", "delta"])
@pytest.mark.parametrize("seed", range(3))
def test_known_rows_change_no_judgement(desk: Desk, monkeypatch: pytest.MonkeyPatch, seed: int, mode: str) -> None:
    rng = random.Random(seed)
    desk.suite(SUITE)
    before = [base(n) for n in range(80)]
    desk.load([row for n, row in enumerate(before) if n % 9])
    lines = [row for old in before for row in changed(rng, old)] if seed else before
    ref = desk.ref(mode, max_closed_pct=5 * seed, repeated_rows="skip" if seed == 2 else "reject")
    monkeypatch.setattr(known_rows, "KNOWN_FROM", NEVER)
    delivery, result = desk.gate(lines, ref, chunk=23, move=False)
    plain = outcome(desk, delivery, result)
    assert known(desk, delivery) == 0
    monkeypatch.setattr(known_rows, "KNOWN_FROM", 1)
    again = desk.again(delivery, lines, ref)
    assert known(desk, delivery) > 20
    found = outcome(desk, delivery, again)
    for name, what in plain.items():
        assert found[name] == what, name


def test_every_column_is_shown_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the view, and when the delivery is held, by the table itself."""
    lines = [base(n) for n in range(12)]
    desk.load(lines)
    desk.rows(
        "update core.tests_lines set _known_to = now() + interval '1 day' where client_id = :c and line_id = 'k3' "
        "returning 1", c=desk.client,
    )  # fmt: skip
    monkeypatch.setattr(known_rows, "KNOWN_FROM", 1)
    delivery, _ = desk.gate(lines, move=False)
    assert known(desk, delivery) == 11
    picked = "_row_number, line_id, status_code"
    shown = desk.rows(f"select {picked} from {delivery.work_rows} order by 1")
    assert shown == [(n + 2, row.key, row.business["status_code"]) for n, row in enumerate(lines)]
    assert desk.rows(f"select count(*) from {delivery.work_table} where status_code is null") == [(11,)]
    with desk.warehouse.transaction() as conn:
        assert known_rows.write_out(conn, delivery, LINES) == 11
        assert known_rows.write_out(conn, delivery, LINES) == 0
    assert desk.rows(f"select {picked} from {delivery.work_table} order by 1") == shown
    assert desk.rows(f"select {picked} from {delivery.work_rows} order by 1") == shown


def test_a_row_that_is_current_no_more_is_not_written_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [base(n) for n in range(5)]
    desk.load(lines)
    monkeypatch.setattr(known_rows, "KNOWN_FROM", 1)
    delivery, _ = desk.gate(lines, move=False)
    desk.rows(
        "update core.tests_lines set _known_to = now() + interval '1 day' where client_id = :c returning 1",
        c=desk.client,
    )
    with pytest.raises(TransientError, match="not any more"), desk.warehouse.transaction() as conn:
        known_rows.write_out(conn, delivery, LINES)


def test_when_rows_are_not_known(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """For few rows, beside a much larger scope, in a second attempt, behind another delivery of the scope."""
    lines = [base(n) for n in range(20)]
    desk.load(lines)
    monkeypatch.setattr(known_rows, "KNOWN_FROM", 21)
    delivery, _ = desk.gate(lines, move=False)
    assert known(desk, delivery) == 0
    monkeypatch.setattr(known_rows, "KNOWN_FROM", 2)
    for some in (lines[:4], lines):
        behind, _ = desk.gate(some, move=False)
        assert known(desk, behind) == 0
    with desk.warehouse.transaction() as conn:
        conn.execute(sa.text("update ops.delivery set state = 'failed' where client_id = :c"), {"c": desk.client})
    desk.again(delivery, lines)
    assert known(desk, delivery) == 20
    desk.again(replace(delivery, attempt=2), lines)
    assert known(desk, delivery) == 0


@pytest.mark.parametrize("seed", range(3))
def test_rows_with_equal_keys_are_found(seed: int, tmp_path: Any) -> None:
    rng = random.Random(seed)
    keys = [rng.choice(["", "ä", "x" * 9, "x" * 17, None, f"key {rng.randrange(40)}"]) for _ in range(60)]
    lines = [line(k, rng.choice([None, None, "skipped"]), head_count=rng.randrange(3)) for k in keys]
    write_files(tmp_path, lines, 7)
    for key in (["line_id"], ["line_id", "head_count"], ["net_amount", "booked_date", "is_active", "line_id"]):
        same = SameKeys(key)
        for at in range(0, 60, 7):
            same.add(clean_batch(lines[at : at + 7], at + 2).slice(0))
        values = [tuple(row.business[k] for k in key) for row in lines]
        met = [v for v, row in zip(values, lines, strict=True) if None not in v and row.fate != "skipped"]
        twice = [
            n for n, (v, row) in enumerate(zip(values, lines, strict=True), 2)
            if row.fate != "skipped" and met.count(v) > 1
        ]  # fmt: skip
        assert same.rows == len(met)
        assert [at // PARTS for places in same.addresses(tmp_path, same.twice()) for at in places] == twice


def test_a_part_of_a_batch_has_the_hashes_it_had_in_it() -> None:
    batch = clean_batch([base(n) for n in range(30)])
    for key in (
        ["line_id"],
        [name for name in CLEAN_SCHEMA.names if not batch.column(name).null_count and name[0] != "_"],
    ):
        assert (key_hashes(batch.slice(11, 7), key)[1] == key_hashes(batch, key)[1][11:18]).all()


def test_hashes_are_found_among_others() -> None:
    rng = np.random.default_rng(1)
    hashes = [bytes(rng.integers(0, 256, 16, np.uint8)) for _ in range(200)]
    current = np.sort(np.array([int.from_bytes(h[:8], "big") for h in hashes[::3]], np.uint64))
    given = pa.array([h.hex() for h in hashes])
    wanted = [i % 3 == 0 for i in range(200)]
    assert among(current, given).tolist() == wanted
    assert among(current, given.slice(50, 40)).tolist() == wanted[50:90]
