from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import DeliveryError
from pipelines.extract import parquet_records
from pipelines.extract.reader import read_table
from pipelines.profile import Format
from tests.unit.extract.conftest import Got, drain
from tests.unit.extract.mutate import mutations

ReadParquet = Callable[..., Got]


@pytest.fixture
def read(tmp_path: Path) -> ReadParquet:
    """Write columns to a file and read it."""

    def _read(
        columns: dict[str, pa.Array] | pa.Table,
        cells: list[str] | None = None,
        locale: str = "en_US",
        names: list[str] | None = None,
        **options: Any,
    ) -> Got:
        path = tmp_path / "file.parquet"
        pq.write_table(columns if isinstance(columns, pa.Table) else pa.table(columns), path, **options)
        words = {"names": names} if names else {}
        return drain(read_table(path, Format(type="parquet", **words), locale, cells=cells or [], chunk_rows=1000))

    return _read


def column(read: ReadParquet, values: list[Any], kind: pa.DataType, **options: Any) -> list[str]:
    got = read({"n": pa.array(range(len(values))), "c": pa.array(values, kind)}, **options)
    return [cells[1] for cells in got.cells]


def test_rows(read: ReadParquet) -> None:
    got = read({"a": pa.array([1, 2, None]), "b": pa.array(["x", "", "Köln"])}, cells=["B3"], row_group_size=2)
    assert got.columns == ["a", "b"]
    assert got.records == [[1, None, None, "1", "x"], [2, None, None, "2", ""], [3, None, None, "", "Köln"]]
    assert (got.facts.encoding, got.facts.cells, got.facts.records) == (None, {"B3": "Köln"}, 3)


@pytest.mark.parametrize(
    ("values", "kind", "cells"),
    [
        ([2**63 - 1, -1], pa.int64(), ["9223372036854775807", "-1"]),
        ([2**64 - 1], pa.uint64(), ["18446744073709551615"]),
        ([0.1, 1e20, 1.0, None, float("nan")], pa.float64(), ["0.1", "1e+20", "1", "", "nan"]),
        ([0.1], pa.float32(), ["0.1"]),
        ([Decimal("1.10"), Decimal("-0.01"), Decimal(0)], pa.decimal128(38, 2), ["1.10", "-0.01", "0.00"]),
        ([Decimal("0.000000001")], pa.decimal128(20, 9), ["0.000000001"]),
        ([Decimal("9" * 60 + ".5")], pa.decimal256(70, 1), ["9" * 60 + ".5"]),
        ([True, False, None], pa.bool_(), ["true", "false", ""]),
        ([dt.date(2024, 5, 1), dt.date(1, 1, 1)], pa.date32(), ["2024-05-01", "0001-01-01"]),
        ([dt.datetime(2024, 5, 1, 13, 5)], pa.timestamp("us"), ["2024-05-01T13:05:00"]),
        ([1714568700_120_000_001], pa.timestamp("ns"), ["2024-05-01T13:05:00.120000001"]),
        (
            [dt.datetime(2024, 5, 1, 13, 5, 0, 120_000)],
            pa.timestamp("ms", "Europe/Berlin"),
            ["2024-05-01T13:05:00.12Z"],
        ),
        ([dt.time(13, 5), dt.time(1, 2, 3, 500_000)], pa.time64("us"), ["13:05:00", "01:02:03.5"]),
        ([dt.timedelta(hours=37, minutes=30)], pa.duration("s"), ["37:30:00"]),
        ([b"text", "Köln".encode()], pa.binary(), ["text", "Köln"]),
        ([None, None], pa.null(), ["", ""]),
        (["a", None, "a"], pa.dictionary(pa.int8(), pa.string()), ["a", "", "a"]),
        ([[1, None], [], None], pa.list_(pa.int64()), ["[1,null]", "[]", ""]),
        (
            [{"x": Decimal("1.10"), "y": dt.date(2024, 5, 1), "z": 0.5}],
            pa.struct([("x", pa.decimal128(5, 2)), ("y", pa.date32()), ("z", pa.float64())]),
            ['{"x":1.10,"y":"2024-05-01","z":0.5}'],
        ),
        ([[("k", "v")]], pa.map_(pa.string(), pa.string()), ['[["k","v"]]']),
    ],
)
def test_values(read: ReadParquet, values: list[Any], kind: pa.DataType, cells: list[str]) -> None:
    assert column(read, values, kind) == cells


def test_numbers_have_the_decimal_sign_of_the_locale(read: ReadParquet) -> None:
    assert column(read, [Decimal("1.10")], pa.decimal128(5, 2), locale="de_DE") == ["1,10"]
    assert column(read, [1.5], pa.float64(), locale="de_DE") == ["1,5"]
    assert column(read, ["1.5"], pa.string(), locale="de_DE") == ["1.5"]


def test_names_restrict_and_order(read: ReadParquet) -> None:
    columns = {"a": pa.array([1, 2]), "b": pa.array([None, "x"]), "bytes": pa.array([b"\xff", b"\xfe"])}
    got = read(columns, names=["b", "a"])
    assert (got.columns, got.cells) == (["b", "a"], [["", "1"], ["x", "2"]])
    assert got.facts.warnings == ["not among the declared names and not read: 'bytes'"]
    assert (read(columns, names=["b"]).cells, read(columns, names=["b"]).facts.blank_rows) == ([[""], ["x"]], 0)
    with pytest.raises(DeliveryError, match=r"column is missing; .* without 'q'"):
        read(columns, names=["a", "q"])


def test_columns_of_the_same_name(read: ReadParquet) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    got = read(table)
    assert (got.columns, got.cells) == (["a", "a#2"], [["1", "2"]])


def test_blank_rows_are_counted(read: ReadParquet) -> None:
    got = read({"a": pa.array([None, 1, None]), "b": pa.array(["", "x", " \0"])})
    assert (got.rows, got.facts.blank_rows) == ([2, 3], 1)
    assert got.problems == {3: "holds a NUL character"}
    assert got.records[1][2] == "\t \u2400"


def test_bytes_are_refused(read: ReadParquet) -> None:
    with pytest.raises(DeliveryError, match=r"column 'c'; got bytes that are no UTF-8 text"):
        column(read, [b"\xff\xfe"], pa.binary())


def test_dates_outside_the_calendar_are_malformed(read: ReadParquet) -> None:
    days = pa.array([0, 2**30], pa.int32()).cast(pa.date32())
    moments = pa.array([2**62, 0], pa.int64()).cast(pa.timestamp("us", "UTC"))
    got = read({"d": days, "t": moments})
    assert got.problems == {
        1: "has a date outside the calendar in column 't'",
        2: "has a date outside the calendar in column 'd'",
    }


def test_refused(read: ReadParquet, tmp_path: Path) -> None:
    read({"a": pa.array([1, 2, 3])})
    data = (tmp_path / "file.parquet").read_bytes()
    for damaged, message in (
        (b"", "no bytes"),
        (b"a;b\n", "a file that is no Parquet"),
        (b"PARE" + data[4:], "an encrypted file"),
        (data[:-20], "damaged or encrypted"),
        (data[:40], "damaged or encrypted"),
        (b"PAR1", "damaged or encrypted"),
        (b"PK\x03\x04", "zip"),
    ):
        path = tmp_path / "damaged.parquet"
        path.write_bytes(damaged)
        with pytest.raises(DeliveryError, match=message):
            drain(read_table(path, Format(type="parquet"), "en_US"))


@pytest.mark.parametrize("limit", ["MAX_ROWS", "MAX_UNPACKED_BYTES", "MAX_GROUP_BYTES"])
def test_declared_sizes_are_limited(read: ReadParquet, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(parquet_records, limit, 10)
    with pytest.raises(DeliveryError, match="at most 10"):
        read({"a": pa.array(["x" * 50] * 20)})


def test_lists_are_limited(read: ReadParquet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_records, "MAX_NESTED_VALUES", 1000)
    with pytest.raises(DeliveryError, match="5000 values in one column of a row group"):
        read({"a": pa.array([[0] * 5000])})


def test_long_texts_that_repeat_are_read_in_slices(tmp_path: Path) -> None:
    """400 MB of text from a file of a few bytes, in an address space of 2 GB; a longer text is refused."""
    path, bomb = tmp_path / "f.parquet", tmp_path / "bomb.parquet"
    for target, size, rows in ((path, 1 << 20, 400), (bomb, 5 << 20, 1_000_000)):
        values = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["x" * size]))
        pq.write_table(pa.table({"a": values}), target, compression="zstd", store_schema=False)
        assert target.stat().st_size < 10_000
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))\n"
        "from pathlib import Path; from pipelines.extract.reader import read_table\n"
        "from pipelines.profile import Format; from pipelines.errors import DeliveryError\n"
        "r = read_table(Path(sys.argv[1]), Format(type='parquet'), 'en_US')\n"
        "print(sum(b.num_rows for b in r.batches()))\n"
        "try: list(read_table(Path(sys.argv[2]), Format(type='parquet'), 'en_US').batches())\n"
        "except DeliveryError as error: print(error.got)\n"
    )
    command = [sys.executable, "-c", code, str(path), str(bomb)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.splitlines() == ["400", "a text of more than 4194304 bytes"], done.stderr


KINDS: list[tuple[pa.DataType, st.SearchStrategy[Any], Callable[[Any], str]]] = [
    (pa.int64(), st.integers(-(2**63), 2**63 - 1), str),
    (pa.string(), st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6), str),
    (pa.decimal128(20, 9), st.decimals(-(10**10), 10**10, places=9), lambda d: format(d, "f")),
    (pa.date32(), st.dates(), dt.date.isoformat),
    (
        pa.timestamp("s"),
        st.datetimes(dt.datetime(1700, 1, 1)).map(lambda d: d.replace(microsecond=0)),
        dt.datetime.isoformat,
    ),
    (pa.bool_(), st.booleans(), lambda b: str(b).lower()),
]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(), group=st.integers(1, 5), chunk_rows=st.integers(1, 4), compression=st.sampled_from(["none", "zstd"])
)
def test_round_trip(tmp_path: Path, data: st.DataObject, group: int, chunk_rows: int, compression: str) -> None:
    kinds = data.draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=5))
    rows = data.draw(st.lists(st.tuples(*(st.none() | values for _, values, _ in kinds)), max_size=10))
    table = pa.table({f"c{i}": pa.array([r[i] for r in rows], kind) for i, (kind, _, _) in enumerate(kinds)})
    path = tmp_path / "f.parquet"
    pq.write_table(table, path, row_group_size=group, compression=compression)
    got = drain(read_table(path, Format(type="parquet"), "en_US", chunk_rows=chunk_rows))
    texts = {i: ["" if v is None else k[2](v) for v, k in zip(r, kinds, strict=True)] for i, r in enumerate(rows, 1)}
    expected = {i: cells for i, cells in texts.items() if any(c.strip(" \t\u00a0\x1a") for c in cells)}
    assert dict(zip(got.rows, got.cells, strict=True)) == expected
    assert got.facts.blank_rows == len(rows) - len(expected)


@st.composite
def floats(draw: st.DrawFn) -> float:
    return draw(st.floats(allow_nan=False))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(floats(), min_size=1, max_size=20))
def test_floats_are_the_same_numbers(tmp_path: Path, values: list[float]) -> None:
    path = tmp_path / "f.parquet"
    pq.write_table(pa.table({"a": pa.array(values)}), path)
    got = drain(read_table(path, Format(type="parquet"), "en_US"))
    assert [float(c[0]) for c in got.cells] == values
    assert all(len(c[0]) <= len(repr(v)) + 6 for c, v in zip(got.cells, values, strict=True))


@pytest.mark.parametrize(
    ("compression", "nested", "count"),
    [("none", False, 200), ("snappy", False, 200), ("zstd", False, 200), ("gzip", False, 200), ("zstd", True, 24)],
)
def test_damaged_files(tmp_path: Path, compression: str, nested: bool, count: int) -> None:
    lists = {"l": pa.array([[1, 2], None, []] * 66 + [[3], [4]]), "m": pa.array([{"k": "v"}] * 200)}
    table = pa.table(
        {
            **(lists if nested else {}),
            "n": pa.array(range(200)),
            "t": pa.array([f"text {i % 7} ä" for i in range(200)]),
            "d": pa.array([dt.date(2024, 5, 1)] * 200),
            "x": pa.array([Decimal("1.10")] * 200, pa.decimal128(9, 2)),
        }
    )
    path, outcomes = tmp_path / "f.parquet", {"read": 0, "refused": 0}
    pq.write_table(table, path, compression=compression, row_group_size=90, write_page_checksum=False)
    whole = path.read_bytes()
    for damaged in mutations(whole, count):
        path.write_bytes(damaged)
        try:
            drain(read_table(path, Format(type="parquet"), "en_US"))
        except DeliveryError:
            outcomes["refused"] += 1
        else:
            outcomes["read"] += 1
    assert outcomes["refused"] >= count // 2
    assert sum(outcomes.values()) == count
