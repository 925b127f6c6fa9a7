"""COPY in binary against COPY as text: the same rows, whatever stands in them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.warehouse.binary_copy import copy_rows
from pipelines.warehouse.connection import Warehouse, copy_table

TYPES = {
    "id": ("uuid", pa.string()),
    "number": ("bigint", pa.int64()),
    "part": ("integer", pa.int32()),
    "flag": ("boolean", pa.bool_()),
    "name": ("text", pa.string()),
    "day": ("date", pa.date32()),
    "at": ("timestamptz", pa.timestamp("us", tz="UTC")),
    "hours": ("numeric(6,2)", pa.decimal128(6, 2)),
    "amount": ("numeric(18,2)", pa.decimal128(18, 2)),
    "rate": ("numeric(12,8)", pa.decimal128(12, 8)),
    "pieces": ("numeric(18,0)", pa.decimal128(18, 0)),
    "long": ("numeric(38,10)", pa.decimal128(38, 10)),
    "tiny": ("numeric(18,18)", pa.decimal128(18, 18)),
}
SCHEMA = pa.schema([(name, kind) for name, (_, kind) in TYPES.items()])
KINDS = {name: kind for name, (kind, _) in TYPES.items()}
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)


def _numbers(name: str) -> st.SearchStrategy[Decimal]:
    precision, scale = SCHEMA.field(name).type.precision, SCHEMA.field(name).type.scale
    return st.integers(1 - 10**precision, 10**precision - 1).map(lambda n: Decimal(f"{n}e-{scale}"))


VALUES: dict[str, st.SearchStrategy[object]] = {
    "id": st.uuids().map(lambda u: u.hex),
    "number": st.integers(-(2**63), 2**63 - 1),
    "part": st.integers(-(2**31), 2**31 - 1),
    "flag": st.booleans(),
    "name": st.one_of(TEXT, st.sampled_from(['"', ",", "\\N", "\n", "\r\n", "NULL", " "])),
    "day": st.dates(dt.date(1, 1, 1)),
    "at": st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30), timezones=st.just(dt.UTC)),
    **{name: _numbers(name) for name in ("hours", "amount", "rate", "pieces", "long", "tiny")},
}
PLAIN = [name for name in TYPES if name not in ("long", "tiny")]
ROWS = st.lists(st.fixed_dictionaries({n: st.one_of(st.none(), v, v) for n, v in VALUES.items()}), max_size=40)


def _same(warehouse: Warehouse, rows: pa.RecordBatch, names: list[str]) -> None:
    """As values, as texts (the scale of a number is part of it), and in the bytes they take."""
    kinds = {name: KINDS[name] for name in names}
    with warehouse.transaction() as conn:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in KINDS.items())
        for table in ("as_text", "as_binary"):
            conn.execute(sa.text(f"create temporary table {table} ({columns}) on commit drop"))
        assert copy_table(conn, "as_text", names, [rows]) == rows.num_rows
        assert copy_rows(conn, "as_binary", kinds, rows) == rows.num_rows
        query = "select t::text, pg_column_size(t.*) from {0} t"
        found = [conn.execute(sa.text(query.format(n))).all() for n in ("as_text", "as_binary")]
    assert found[0] == found[1]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, st.sampled_from([PLAIN, list(TYPES)]), st.integers(0, 3))
def test_binary_is_what_text_is(warehouse: Warehouse, rows: list[object], names: list[str], at: int) -> None:
    batch = pa.RecordBatch.from_pylist(rows, schema=SCHEMA)
    _same(warehouse, batch.slice(at), names)


def test_every_number_of_digits(warehouse: Warehouse) -> None:
    numbers = sorted({sign * (10**n + more) for n in range(18) for more in (-1, 0, 1) for sign in (1, -1)})
    rows = [
        {"amount": Decimal(f"{n}e-2"), "pieces": Decimal(n), "rate": Decimal(f"{n % 10**12}e-8"), "part": 1}
        for n in numbers
    ]
    _same(warehouse, pa.RecordBatch.from_pylist(rows, schema=SCHEMA), ["amount", "pieces", "rate", "part"])
    for row in rows[::9]:  # alone, a small number takes fewer digits than among large ones
        _same(warehouse, pa.RecordBatch.from_pylist([row], schema=SCHEMA), ["amount", "pieces", "rate"])


def test_many_rows_are_sent_in_parts(warehouse: Warehouse) -> None:
    rows = pa.record_batch(
        [pa.array(range(70_000)), pa.array([None if i % 3 else f"row {i}" for i in range(70_000)])], ["number", "name"]
    )
    _same(warehouse, rows, ["number", "name"])
