"""What control totals are compared with: exact, over everything received, however the file is cut."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from pipelines.clean.facts import ControlMeasured
from pipelines.clean.totals import Totals
from tests.unit.clean.mapkit import column, contract, plan_of, raw, source

TO = contract(
    column("id", "identifier"), column("qty", "quantity", physical="numeric(30,3)"), column("n", "integer"),
    column("name", "text"),
)  # fmt: skip
COLUMNS = {
    "id": {"from": "Nr"},
    "qty": {"from": "Menge"},
    "n": {"from": "Zahl"},
    "name": {"from": "Name", "optional": True},
}
CONTROLS = {key: {"cell": "A1"} for key in ("hash(id)", "count(id)", "sum(qty)", "sum(n)")}
HEADER = ["Nr", "Menge", "Zahl"]


def measured(rows: list[list[str]], chunk: int, controls: dict[str, Any], **more: Any) -> dict[str, ControlMeasured]:
    ref = source(COLUMNS, controls=controls)
    plan = plan_of(TO, ref, HEADER)
    totals = Totals(ref, TO, plan.sources)
    for at in range(0, len(rows), chunk):
        batch: pa.RecordBatch = raw(HEADER, *rows[at : at + chunk], first=at + 2, **more)
        totals.add(batch, plan.chunk(batch).table)
    return {m.name: m for m in totals.measured()}


@pytest.mark.parametrize("chunk", [1, 7, 500])
def test_totals_equal_plain_python(chunk: int) -> None:
    draw = random.Random(3)
    texts = ["", " ", "DE-0042/7", "00017", "9" * 18, "9" * 38, "9" * 39, "1" * 60, "٣", "x", "12.50"]
    rows = [[draw.choice(texts), f"{draw.randrange(10**20)},125", str(draw.randrange(100))] for _ in range(200)]
    got = measured(rows, chunk, CONTROLS)
    digits = ["".join(c for c in r[0] if c in "0123456789") for r in rows]
    without = sum(not d for d in digits)
    assert int(got["hash(id)"].value) == sum(int(d or 0) for d in digits)
    assert got["hash(id)"].remark == f"{without} cells have no digit"
    assert int(got["count(id)"].value) == sum(bool(r[0].strip()) for r in rows)
    assert Decimal(got["sum(qty)"].value) == sum(Decimal(r[1].replace(",", ".")) for r in rows)
    assert Decimal(got["sum(n)"].value) == sum(int(r[2]) for r in rows)


def test_unreadable_cells_add_nothing_and_malformed_records_are_told() -> None:
    got = measured(
        [["A1", "1,5", "x"], ["A2", "?", "2"], ["A3", "3", "3"]], 3, CONTROLS, malformed={2: "too few cells"}
    )
    assert {name: m.value for name, m in got.items()} == {
        "hash(id)": "3", "count(id)": "2", "sum(qty)": "1.5", "sum(n)": "2",
    }  # fmt: skip
    assert got["hash(id)"].remark == "1 malformed records have no cells"


def test_a_column_the_file_does_not_have_is_told() -> None:
    got = measured([["1", "1", "1"]], 3, {"hash(name)": {"cell": "A1"}})
    assert (got["hash(name)"].value, got["hash(name)"].remark) == ("0", "the file has no such column")


def test_nothing_is_measured_that_nobody_promises() -> None:
    assert measured([["1", "1", "1"]], 3, {"rows": {"cell": "A1"}}) == {}
