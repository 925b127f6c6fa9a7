from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rowhash import canonical, digests, plain, row_hashes

NUMBERS = st.decimals(min_value=-(10**10), max_value=10**10, places=2, allow_nan=False)


def hashes(**columns: pa.Array) -> list[str]:
    found: list[str] = row_hashes(columns, {}).to_pylist()
    return found


def test_a_hash_is_32_hexadecimal_digits_and_always_the_same() -> None:
    columns = {
        "name": pa.array(["Müller", None]),
        "amount": pa.array([Decimal("12.30"), Decimal("-0.05")], pa.decimal128(18, 2)),
        "day": pa.array([dt.date(2026, 2, 1), None]),
        "at": pa.array([dt.datetime(2026, 2, 1, 3, 4, 5, 6, dt.UTC), None], pa.timestamp("us", "UTC")),
        "count": pa.array([7, None], pa.int64()),
        "flag": pa.array([True, False]),
    }
    # These two stand in databases: a change here makes every row of every client look changed.
    assert row_hashes(columns, {}).to_pylist() == HASHES


HASHES = ["4b8502d98e4c045a2526c9add1acf5aa", "0f800f26882c79d8c096597cc954fda0"]


def test_columns_in_any_order_and_empty_ones_change_nothing() -> None:
    a, b = pa.array(["x", "y"]), pa.array([1, 2])
    new = pa.nulls(2, pa.string())
    assert hashes(a=a, b=b) == hashes(b=b, a=a) == hashes(a=a, b=b, c=new)


def test_a_value_in_another_column_is_another_row() -> None:
    nothing, x = pa.nulls(1, pa.string()), pa.array(["x"])
    assert hashes(a=x, b=nothing) != hashes(a=nothing, b=x)
    assert hashes(a=x, b=nothing) != hashes(a=x, b=x)


def test_values_do_not_run_into_each_other() -> None:
    assert len(set(hashes(a=pa.array(["1", "12", "", "1,2"]), b=pa.array(["23", "3", "123", "3"])))) == 4


@given(NUMBERS)
def test_the_scale_of_a_number_does_not_matter(number: Decimal) -> None:
    narrow, wide, exact = (pa.array([number], pa.decimal128(38, s)) for s in (2, 4, 9))
    assert canonical(narrow).to_pylist() == canonical(wide).to_pylist() == canonical(exact).to_pylist()
    assert Decimal(canonical(narrow)[0].as_py()) == number
    assert plain(number) == canonical(narrow)[0].as_py() or number == 0


def test_canonical_texts() -> None:
    cents = pa.array([Decimal(t) for t in ("12.30", "5.00", "0.00", "-100.00", "0.05", "10.10")], pa.decimal128(18, 2))
    assert canonical(cents).to_pylist() == ["12.3", "5", "0", "-100", "0.05", "10.1"]
    assert canonical(pa.array([Decimal(100), Decimal(0)], pa.decimal128(18, 0))).to_pylist() == ["100", "0"]
    tiny = pa.array([Decimal("0.00000001"), Decimal("1E+3")], pa.decimal128(18, 8))
    assert canonical(tiny).to_pylist() == ["0.00000001", "1000"]
    assert canonical(pa.array([True, None, False])).to_pylist() == ["true", None, "false"]


def test_slices_and_nothing() -> None:
    column = pa.array(["a", "b", "c", "b"])
    assert hashes(a=column.slice(1, 3))[0] == hashes(a=column)[1] == hashes(a=column)[3]
    assert hashes(a=pa.array([], pa.string())) == []
    assert digests(pa.array([], pa.string()), 8) == []
    assert len(digests(column.slice(2), 8)) == 2
    assert digests(column.slice(1), 8)[0] == digests(column, 8)[1]


def test_a_malformed_record_is_hashed_as_received() -> None:
    nothing = {"a": pa.nulls(3, pa.string())}
    found = row_hashes(nothing, {0: "x;y", 1: "x;z"}).to_pylist()
    assert len(set(found)) == 3


def test_many_columns() -> None:
    columns = {f"c{i:03}": pa.array([str(i), None]) for i in range(200)}
    assert len(set(hashes(**columns))) == 2
