from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.clean.apply import clean_schema
from pipelines.clean.facts import CleanFacts, ControlValue, FileInfo, Tally
from pipelines.clean.run import clean
from pipelines.errors import DeliveryError
from pipelines.reject import PROBLEM_SCHEMA
from tests.unit.clean.mapkit import column, contract, plan_of, raw, source, tables

TO = contract(
    column("line_id", "identifier", key=True),
    column("amount", "money", currency="currency_code"),
    column("fee_amount", "money", currency="CHF"),
    column("currency_code", "currency"),
    column("unit"),
)
RULES = {
    "line_id": {"from": "Nr"}, "amount": {"from": "Betrag"}, "fee_amount": {"from": "Entgelt"},
    "currency_code": {"from": "Whg"},
}  # fmt: skip
HEADER = ["Nr", "Betrag", "Entgelt", "Whg"]
FACTS = {"columns": HEADER, "footer": [["3", "6,50", "", ""]], "footer_rows": [7], "cells": {}, "sheet_name": None}


def run(tmp_path: Path, ref: Any, *batches: pa.RecordBatch, facts: dict[str, Any] | None = None) -> CleanFacts:
    with pa.ipc.new_file(tmp_path / "raw.arrow", batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return clean(ref, TO, [], tmp_path / "raw.arrow", json.dumps(facts or FACTS), {}, {}, tmp_path)


def read(path: Path) -> list[pa.RecordBatch]:
    with pa.OSFile(str(path)) as file:
        reader = pa.ipc.open_file(file)
        return [reader.get_batch(i) for i in range(reader.num_record_batches)]


def test_batch_by_batch_with_facts_over_all(tmp_path: Path) -> None:
    ref = source(
        RULES,
        skip=[{"column": "Nr", "in": "Summe", "reason": "total"}],
        controls={"rows": "footer", "sum(amount)": "footer"},
        format={"footer_rows": 1},
    )
    first = raw(HEADER, ["1", "1,50", "0,10", "EUR"], ["2", "2", "x", "USD"], ["3"], malformed={2: "1 cell"})
    second = raw(HEADER, ["4", "n/a", "0,20", "EUR"], ["5", "3,00", "", ""], ["Summe", "6,50", "?", "EUR"], first=5)
    facts = run(tmp_path, ref, first, second)
    assert facts == CleanFacts(
        rows=6,
        skipped={"total": 1},
        malformed=1,
        unreadable={"fee_amount": 1, "amount": 1},
        sums={"amount": {"EUR": "8.00", "USD": "2.00", "XXX": "3.00"}, "fee_amount": {"CHF": "0.30"}},
        controls=[ControlValue("rows", "3"), ControlValue("sum(amount)", "6.5")],
        columns={"line_id": ["Nr"], "amount": ["Betrag"], "fee_amount": ["Entgelt"], "currency_code": ["Whg"]},
        unmapped=["unit"],
    )
    assert CleanFacts.from_json((tmp_path / "clean.json").read_text()) == facts
    rows, problems = read(tmp_path / "clean.arrow"), read(tmp_path / "problems.arrow")
    assert [b.num_rows for b in rows] == [3, 3]
    assert [b.num_rows for b in problems] == [2, 1]
    assert rows[0].schema == clean_schema(TO)
    assert problems[0].schema == PROBLEM_SCHEMA
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clean.arrow", "clean.json", "problems.arrow", "raw.arrow"]


def test_no_batches_give_empty_files(tmp_path: Path) -> None:
    with pa.ipc.new_file(tmp_path / "raw.arrow", raw(HEADER).schema):
        pass
    facts = clean(source(RULES), TO, [], tmp_path / "raw.arrow", json.dumps(FACTS), {}, {}, tmp_path)
    assert facts.rows == 0
    assert facts.sums == {"amount": {}, "fee_amount": {}}
    assert read(tmp_path / "clean.arrow") == []


def test_a_file_that_does_not_fit_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="column missing: 'Betrag'"):
        run(tmp_path, source(RULES), raw(["Nr", "Entgelt", "Whg"], ["1", "1", "EUR"]))
    assert [p.name for p in tmp_path.iterdir()] == ["raw.arrow"]


def test_unclaimed_records_are_counted_and_the_first_ones_named(tmp_path: Path) -> None:
    ref = source(RULES, rows=[{"column": "Nr", "matches": "1.*"}])
    batch = raw(HEADER, *(["2", "1", "", "EUR"] for _ in range(60)), ["1", "1", "", "EUR"])
    facts = run(tmp_path, ref, batch)
    assert facts.unclaimed == 60
    assert facts.unclaimed_rows == list(range(2, 52))
    assert facts.skipped == {"claimed by no source": 60}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.decimals(-(10**15), 10**15, places=2), max_size=30), st.integers(1, 7))
def test_sums_are_exact(amounts: list[Decimal], size: int) -> None:
    rows = [["1", str(a).replace(".", ","), "", "EUR"] for a in amounts]
    plan, tally = plan_of(TO, source(RULES), HEADER), Tally(TO)
    for start in range(0, len(rows), size):
        found = plan.chunk(raw(HEADER, *rows[start : start + size]))
        tally.add(found.table, found.unclaimed, found.unreadable, found.ambiguous)
    cents = sum(int(a * 100) for a in amounts)
    told = tally.facts().sums["amount"].get("EUR", "0.00")
    assert int(Decimal(told).scaleb(2)) == cents


def test_sums_beyond_38_digits_do_not_overflow() -> None:
    to = contract(column("a", "money", physical="numeric(38,2)", key=True))
    plan, tally = plan_of(to, source({"a": {"from": "A"}}), ["A"]), Tally(to)
    found = plan.chunk(raw(["A"], *(["9" * 36] for _ in range(30))))
    tally.add(found.table, found.unclaimed, found.unreadable, found.ambiguous)
    assert tally.facts().sums == {"a": {"EUR": f"{int('9' * 36) * 30}.00"}}


def test_ambiguous_keys_are_counted_and_the_list_is_bounded() -> None:
    rows = [[str(1000 + k), v] for k in range(60) for v in ("a", "b")]
    built = tables({"t": {"key": "K"}}, t=raw(["K", "V"], *rows))
    to = contract(column("x", key=True))
    ref = source({"x": {"lookup": {"table": "t", "key": "K", "column": "V"}}})
    found = plan_of(to, ref, ["K"], built).chunk(raw(["K"], ["1007"], *([str(1000 + k)] for k in range(60))))
    tally = Tally(to)
    tally.add(found.table, found.unclaimed, found.unreadable, found.ambiguous)
    listed = tally.facts().ambiguous
    assert (listed[0].table, listed[0].key, listed[0].count) == ("t", "1007", 2)
    assert (listed[-1].key, len(listed)) == ("…", 51)
    assert sum(a.count for a in listed) == 61


CONTROL_FACTS = {
    **FACTS,
    "footer": [["Anzahl", "1.002", "EUR", "12,30-"], ["", "", "", "Summe: 1.234,56 EUR"]],
    "cells": {"B3": "Gesamt 77,00"},
}


@pytest.mark.parametrize(
    ("control", "promised", "message"),
    [
        ({"rows": "footer"}, "1002", ""),
        ({"sum(amount)": "footer"}, "1002", ""),
        ({"sum(fee_amount)": "footer"}, None, "expected a number"),
        ({"sum(unit)": "footer"}, "-12.3", ""),
        ({"sum(amount)": {"footer": 1, "column": 4}}, "-12.3", ""),
        ({"sum(amount)": {"footer": 2, "column": "WHG", "pattern": r"Summe: ([\d.,]+)"}}, "1234.56", ""),
        ({"sum(amount)": {"cell": "b3", "pattern": r"\d+,\d+"}}, "77", ""),
        ({"sum(amount)": {"cell": "B3"}}, None, "expected a number"),
        ({"sum(amount)": {"cell": "C3"}}, None, "the file has no cell C3"),
        ({"sum(amount)": {"footer": 3, "column": 1}}, None, "none with number 3"),
        ({"sum(amount)": {"footer": 1, "column": 9}}, None, "none at position 9"),
        ({"sum(amount)": {"footer": 1, "column": "Saldo"}}, None, "no column 'Saldo'"),
        ({"sum(amount)": {"footer": 2, "column": 1}}, None, "is empty"),
        ({"sum(amount)": {"cell": "B3", "pattern": "Anzahl (.*)"}}, None, "does not match"),
        ({"rows": {"footer": 1, "column": 4}}, None, "whole number of rows"),
    ],
)
def test_controls_are_read_in_the_locale(
    tmp_path: Path, control: dict[str, Any], promised: str | None, message: str
) -> None:
    ref = source(RULES, controls=control, format={"footer_rows": 2})
    facts = run(tmp_path, ref, raw(HEADER, ["1", "1", "", "EUR"]), facts=CONTROL_FACTS)
    assert facts.controls[0].promised == promised
    assert message in facts.controls[0].message
    assert bool(message) == (promised is None)


def test_facts_of_a_file_without_footer_make_controls_unreadable(tmp_path: Path) -> None:
    ref = source(RULES, controls={"rows": "footer"}, format={"footer_rows": 1})
    facts = run(tmp_path, ref, raw(HEADER, ["1", "1", "", "EUR"]), facts={**FACTS, "footer": []})
    assert facts.controls == [ControlValue("rows", None, "the file has 0 footer records, none with number 1")]


def test_file_info_takes_what_it_knows() -> None:
    info = FileInfo.from_json(json.dumps({**FACTS, "cells": {"b2": "x"}, "sheet_name": "Mai", "size": 5}))
    assert info == FileInfo(tuple(HEADER), (("3", "6,50", "", ""),), {"B2": "x"}, "Mai")
