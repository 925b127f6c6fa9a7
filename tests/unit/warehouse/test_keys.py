"""The hash of a business key is the same in Python and in the database, for every type a key may have."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.contract import Column, Contract
from pipelines.reject import key_hash
from pipelines.warehouse.connection import Warehouse, copy_table
from pipelines.warehouse.keys import key_hash_sql, largest_amount_sql

TYPES: dict[str, tuple[str, st.SearchStrategy[Any]]] = {
    "name": ("text", st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), min_size=1)),
    "day": ("date", st.dates()),
    "number": ("integer", st.integers(-(2**31), 2**31 - 1)),
    "long_number": ("bigint", st.integers(-(2**63), 2**63 - 1)),
    "amount": ("numeric(18,2)", st.decimals("-9999999999999999", "9999999999999999", places=2)),
    "rate": ("numeric(20,10)", st.decimals("-0.0000001", "0.0000001", places=10)),
    "at": ("timestamptz", st.datetimes(timezones=st.just(UTC))),
    "is_new": ("boolean", st.booleans()),
}


def contract(*names: str, kind: str | None = None) -> Contract:
    columns = tuple(
        Column(
            name=name, physical_type=TYPES[name][0], semantic="money" if TYPES[name][0] == kind else "text",
            required=True, key=True, classification="internal", description=name,
        )
        for name in names
    )  # fmt: skip
    return Contract(
        feed="tests.keys", version="1.0.0", title="", description="", columns=columns, modes=("snapshot",),
        owner="tests", retention="none", row_name="row", path=Path("k"), text="",
    )  # fmt: skip


def hashes(warehouse: Warehouse, keyed: Contract, rows: list[dict[str, Any]]) -> list[str | None]:
    """What the database makes of the rows, brought to it as the gate brings them; its session speaks otherwise."""
    with warehouse.transaction() as conn:
        columns = ", ".join(f'"{c.name}" {c.physical_type}' for c in keyed.columns)
        conn.execute(sa.text("set local datestyle = 'German, DMY'"))
        conn.execute(sa.text("set local timezone = 'Asia/Kolkata'"))
        conn.execute(sa.text(f"create table work.keys (place bigint, {columns})"))
        schema = pa.schema([("place", pa.int64()), *keyed.arrow_schema])
        batch = pa.RecordBatch.from_pylist([{"place": i, **row} for i, row in enumerate(rows)], schema=schema)
        conn.execute(sa.text("set local datestyle = 'ISO'"))
        copy_table(conn, "work.keys", schema.names, [batch])
        conn.execute(sa.text("set local datestyle = 'German, DMY'"))
        found = conn.scalars(sa.text(f"select {key_hash_sql(keyed, 'w')} from work.keys w order by place")).all()
        conn.execute(sa.text("drop table work.keys"))
    return list(found)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.fixed_dictionaries({n: s for n, (_, s) in TYPES.items()}), min_size=1, max_size=20))
def test_python_and_sql_make_the_same_hash(warehouse: Warehouse, rows: list[dict[str, Any]]) -> None:
    keyed = contract(*TYPES)
    cleaned = pa.RecordBatch.from_pylist(rows, schema=keyed.arrow_schema).to_pylist()
    assert hashes(warehouse, keyed, rows) == [key_hash(list(row.values())) for row in cleaned]


@pytest.mark.parametrize("name", TYPES)
def test_each_type_alone_and_a_missing_value(warehouse: Warehouse, name: str) -> None:
    samples = {
        "name": "4711", "day": date(987, 1, 2), "number": -7, "long_number": 2**62, "amount": Decimal("100.00"),
        "rate": Decimal("0E-10"), "at": datetime(1950, 6, 1, 23, 59, 59, 1, UTC), "is_new": True,
    }  # fmt: skip
    keyed = contract(name)
    rows = [{name: samples[name]}, {name: None}]
    assert hashes(warehouse, keyed, rows) == [key_hash([samples[name]]), None]
    assert key_hash([None]) is None


def test_the_parts_of_a_key_do_not_run_together(warehouse: Warehouse) -> None:
    keyed = contract("name", "number")
    one, other = hashes(warehouse, keyed, [{"name": "a1", "number": 1}, {"name": "a", "number": 11}])
    assert one != other


def test_the_largest_amount_has_no_sign(warehouse: Warehouse) -> None:
    both = contract("amount", kind="numeric(18,2)")
    with warehouse.transaction() as conn:
        query = f"select {largest_amount_sql(both, 'w')} from (values (-3.50), (null), (2)) w(amount)"
        assert conn.scalars(sa.text(query)).all() == [Decimal("3.50"), 0, 2]
        assert conn.scalar(sa.text(f"select {largest_amount_sql(contract('name'), 'w')}")) == 0
