"""Whole columns masked, written as JSON and counted are what doing it one by one gives."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.reject import Baseline, baseline_rule, key_hash, mask
from pipelines.validate import files, texts
from pipelines.validate.chunks import ChunkGate
from pipelines.validate.gate import SAMPLES
from tests.unit.validate.conftest import LINES, Line, clean_batch, column, contract, line, problem_batch, raw_batch

TEXTS = st.one_of(
    st.none(), st.text(max_size=20), st.text(alphabet='"\\\x00\x1f\n\r\tü€😀a0u', max_size=14), st.just("\\u0000")
)
QUICK = settings(max_examples=150, deadline=None)


def visible(text: str) -> str:
    return text.replace("\x00", "\u2400")


@QUICK
@given(st.lists(TEXTS, max_size=8), st.sampled_from(["public", "internal", "confidential", "restricted"]))
def test_masking_a_column_is_masking_each_value(values: list[str | None], classification: str) -> None:
    masked = texts.masked(pa.array(values, pa.string()), classification)
    assert masked.to_pylist() == [mask(v, classification) for v in values]


@QUICK
@given(st.lists(TEXTS, max_size=8))
def test_json_of_a_column_is_that_of_each_text(values: list[str | None]) -> None:
    written = texts.json_texts(pa.array(values, pa.string())).to_pylist()
    assert written == [None if v is None else json.dumps(visible(v), ensure_ascii=False) for v in values]


@QUICK
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6), st.text(alphabet='"\\\x00ü', max_size=3))
def test_objects_hold_or_leave_out_what_is_missing(rows: list[tuple[str | None, str | None]], name: str) -> None:
    names = (name, "other")
    columns = [pa.array(values, pa.string()) for values in zip(*rows, strict=True)]
    members = dict(zip(names, columns, strict=True))
    whole = [{visible(n): v and visible(v) for n, v in zip(names, row, strict=True)} for row in rows]
    assert [json.loads(text) for text in texts.json_objects(members, len(rows)).to_pylist()] == whole
    written = texts.json_objects(members, len(rows), leave_out=True).to_pylist()
    assert [json.loads(text) for text in written] == [{n: v for n, v in o.items() if v is not None} for o in whole]
    assert texts.json_objects({}, 2).to_pylist() == ["{}", "{}"]


@pytest.mark.parametrize("scale", [0, 2, 6, 10])
def test_amounts_are_written_plainly(scale: int) -> None:
    values = [None, *(Decimal(u).scaleb(-scale) for u in (0, 1, -1, 10**15, -(10**12)))]
    written = texts.plain_texts(pa.array(values, pa.decimal128(38, scale))).to_pylist()
    assert written == [None if v is None else format(v, "f") for v in values]


PROBLEMS = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from(["net_amount", "tax_amount", None]), st.text(max_size=2)), max_size=60
)


@QUICK
@given(st.lists(PROBLEMS, min_size=1, max_size=3))
def test_problems_are_counted_as_one_by_one(chunks: list[list[tuple[int, str | None, str]]]) -> None:
    gate = ChunkGate(LINES, [])
    rows: dict[str, dict[int, Any]] = defaultdict(dict)
    expected: dict[str, list[Any]] = defaultdict(list)
    for n, found in enumerate(chunks):
        start = 2 + 100 * n
        lines = [line(str(start + i)) for i in range(31)]
        shown: dict[str, dict[int, Any]] = defaultdict(dict)
        batches = []
        for i, name, value in found:
            kind = Baseline.UNREADABLE if name else Baseline.MALFORMED
            batches.append(problem_batch([replace(lines[i], problems=((kind, name, value),))], start + i))
            rule_id = baseline_rule(LINES.feed, kind, name)
            shown[rule_id][start + i] = rows[rule_id][start + i] = {
                "row_number": start + i, "row_part": 0, "values": {name or "record": value}
            }  # fmt: skip
        for rule_id, of_rule in shown.items():
            expected[rule_id] += list(of_rule.values())[: SAMPLES - len(expected[rule_id])]
        problems = pa.Table.from_batches([problem_batch([]), *batches]).combine_chunks().to_batches()
        gate.judge(clean_batch(lines, start), problems[0] if problems else problem_batch([]))
    for rule_id, found_ in gate.found.items():
        if rule_id in rows or found_.failed:
            assert (found_.failed, found_.samples) == (len(rows[rule_id]), expected[rule_id]), rule_id


KEYED = contract(
    "tests.keyed",
    column("a", key=True), column("b", "date", "date", key=True), column("c", "numeric(12,8)", "rate", key=True),
    column("d", "integer", "integer", key=True), column("e", "boolean", "boolean", key=True),
)  # fmt: skip
KEYS = st.tuples(
    TEXTS, st.one_of(st.none(), st.dates()),
    st.one_of(st.none(), st.integers(-(10**9), 10**9).map(lambda u: Decimal(u).scaleb(-8))),
    st.one_of(st.none(), st.integers(-5, 5)), st.one_of(st.none(), st.booleans()),
)  # fmt: skip


@QUICK
@given(st.lists(KEYS, min_size=1, max_size=5), st.integers(1, 5))
def test_key_hashes_are_those_of_reject(rows: list[tuple[Any, ...]], parts: int) -> None:
    batch = pa.RecordBatch.from_pylist(
        [dict(zip("abcde", row, strict=True)) for row in rows], schema=KEYED.arrow_schema
    )
    key = KEYED.key[:parts]
    assert files._key_hashes(batch, key).to_pylist() == [key_hash(row[:parts]) for row in rows]


def test_quarantine_keeps_what_was_received() -> None:
    lines = [
        line("1", net_amount=None, currency_code="EUR"),
        line("2", currency_code=None),
        Line(None, fate="malformed"),
        line('say "4"\\u0000\x00\n', currency_code="", booked_date=date(2026, 1, 1)),
        line("5", net_amount=None, tax_amount=None, gross_amount=None),
    ]
    raw = raw_batch(lines).to_pylist()
    raw[2]["__cells"] = ["a", 'b"\x00', None]
    kept = files._quarantined(pa.RecordBatch.from_pylist(raw, schema=raw_batch([]).schema), clean_batch(lines), LINES)
    cells = [json.loads(text) for text in kept.column("cells").to_pylist()]
    assert cells == [
        {"Nr": "1"}, {"Nr": "2"}, {"__raw": "a;b", "__cells": ["a", 'b"\u2400', None]},
        {"Nr": 'say "4"\\u0000\u2400\n'}, {"Nr": "5"},
    ]  # fmt: skip
    amounts = [json.loads(text) for text in kept.column("amounts").to_pylist()]
    rest = {"tax_amount": "1.90", "gross_amount": "11.90"}
    assert amounts == [rest, {"net_amount": "10.00", **rest}, {}, {"net_amount": "10.00", **rest}, {}]
    currencies = [json.loads(text) for text in kept.column("currencies").to_pylist()]
    assert currencies == [{"tax_amount": "EUR", "gross_amount": "EUR"}, {}, {}, {}, {}]
    assert kept.column("key_hash").to_pylist()[1:3] == [key_hash(["2"]), None]
