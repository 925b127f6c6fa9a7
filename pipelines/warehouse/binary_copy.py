"""COPY in PostgreSQL's binary format, made of Arrow columns without touching a single value in Python.

Text costs the server most of a COPY: it looks at every byte for quotes and separators, and reads every date, number and
hash. In binary the same rows take it little more than half the time. The bytes are those of the `recv` functions of the
types: per row the number of its fields, per field its length (-1 for null) and its value, all big-endian.

Fields of one width without a null stand first, so that they make one block of the same size in every row; Arrow joins
the blocks and the fields of varying size row by row. Numbers of more than 18 digits go as text, with their whole batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from psycopg import sql

from pipelines.warehouse.connection import copy_table, raw

_START = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_ROWS = 1 << 13  # at once: in the cache of the processor, that many take a third less time than four times as many
_EPOCH_DAYS = 10_957  # from 1970 to 2000, where PostgreSQL begins
_EPOCH = _EPOCH_DAYS * 86_400 * 10**6
_LONGEST = 18  # digits that fit into an int64
_GROUP = 10_000  # PostgreSQL writes numbers to this base
_NEGATIVE = 0x4000


def copy_rows(conn: sa.Connection, table: str, types: Mapping[str, str], rows: pa.RecordBatch) -> int:
    """COPY the columns of a batch that `types` (column → PostgreSQL type) names; returns the number of rows.

    Columns without any value are left to be null.
    """
    filled = [name for name in types if rows.column(name).null_count < rows.num_rows]
    if not filled or any(_is_too_long(rows.column(name).type) for name in filled):
        return copy_table(conn, table, list(types), [rows])
    fixed = [n for n in filled if not rows.column(n).null_count and not _is_text(rows.column(n), types[n])]
    names = [*fixed, *(n for n in filled if n not in fixed)]
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    target = sql.Identifier(*table.split("."))
    statement = sql.SQL("copy {} ({}) from stdin (format binary)").format(target, columns)
    with raw(conn).cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(_START)
        for at in range(0, rows.num_rows, _ROWS):
            copy.write(encoded(rows.slice(at, _ROWS), names, types, len(fixed)))
        copy.write(_END)
    return int(rows.num_rows)


def encoded(rows: pa.RecordBatch, names: Sequence[str], types: Mapping[str, str], fixed: int) -> memoryview:
    """The bytes of all rows; the first `fixed` columns have one width and no null."""
    head: list[tuple[str, npt.NDArray[Any]]] = [("fields", np.full(rows.num_rows, len(names), ">i2"))]
    for name in names[:fixed]:
        values = _values(rows.column(name), types[name])
        head += [(f"{name} length", np.full(rows.num_rows, values.dtype.itemsize, ">i4")), (name, values)]
    pieces = [_texts_of(_together(head))]
    for name in names[fixed:]:
        pieces += _pieces(rows.column(name), types[name])
    joined = pc.binary_join_element_wise(*pieces, pa.scalar(b"", pa.large_binary()))
    ends = np.frombuffer(joined.buffers()[1], np.int64, len(joined) + 1, joined.offset * 8)
    return memoryview(joined.buffers()[2])[int(ends[0]) : int(ends[-1])]


def _pieces(column: pa.Array, kind: str) -> list[pa.Array]:
    """Length and value of every field of a column of varying width."""
    there = np.asarray(column.is_valid())
    if _is_text(column, kind):
        texts = pc.fill_null(column, "") if column.null_count else column
        offsets = np.frombuffer(texts.buffers()[1], np.int32, len(texts) + 1, texts.offset * 4)
        lengths = np.where(there, np.diff(offsets), -1).astype(">i4")
        return [_texts_of(lengths), texts.cast(pa.large_string()).cast(pa.large_binary())]
    values = _values(column.drop_null(), kind)
    width = values.dtype.itemsize
    lengths = np.where(there, width, -1).astype(">i4")
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(there) * width])
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(np.ascontiguousarray(values))]
    return [_texts_of(lengths), pa.Array.from_buffers(pa.large_binary(), len(column), buffers)]


def _is_text(column: pa.Array, kind: str) -> bool:
    return bool(pa.types.is_string(column.type)) and kind != "uuid"


def _is_too_long(kind: pa.DataType) -> bool:
    """Whether a number need not fit into an int64, as it is or when its digits are grouped."""
    return bool(pa.types.is_decimal(kind)) and (
        kind.precision > _LONGEST or kind.scale < 0 or _groups_behind(kind.scale) * 4 > _LONGEST
    )


def _groups_behind(scale: int) -> int:
    return -(-scale // 4)


def _values(column: pa.Array, kind: str) -> npt.NDArray[Any]:
    """What `recv` of the type reads, of a column without null."""
    if kind == "uuid":
        ends = np.frombuffer(column.buffers()[1], np.int32, len(column) + 1, column.offset * 4)
        digits = memoryview(column.buffers()[2])[int(ends[0]) : int(ends[-1])]
        return np.frombuffer(bytes.fromhex(str(digits, "ascii")), "V16")
    if kind == "bigint":
        return np.asarray(column.cast(pa.int64())).astype(">i8")
    if kind == "integer":
        return np.asarray(column.cast(pa.int32())).astype(">i4")
    if kind == "boolean":
        return np.asarray(column.cast(pa.uint8()))
    if kind == "date":
        return (np.asarray(column.cast(pa.int32())) - _EPOCH_DAYS).astype(">i4")
    if kind == "timestamptz":
        stamps = column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
        return (np.asarray(stamps) - _EPOCH).astype(">i8")
    return _numbers(column)


def _numbers(column: pa.Array) -> npt.NDArray[Any]:
    """Decimals: digits to the base of 10 000, their weight, sign and scale. PostgreSQL drops zeros in front."""
    kind = column.type
    after = _groups_behind(kind.scale)
    # A decimal128 is a 16-byte little-endian integer; what fits into 18 digits is in its lower half.
    units = np.frombuffer(column.buffers()[1], np.int64).reshape(-1, 2)[column.offset :][: len(column), 0]
    whole, part = np.divmod(np.abs(units), np.int64(10**kind.scale))
    groups = _groups(part * np.int64(10 ** (after * 4 - kind.scale)), after)
    before = 0
    while whole.any():
        whole, group = np.divmod(whole, np.int64(_GROUP))
        groups.insert(0, group)
        before += 1
    zeros = np.zeros(len(column), ">i2")
    numbers = [
        ("n", zeros + len(groups)),
        ("weight", zeros + (before - 1)),
        ("sign", np.where(units < 0, _NEGATIVE, 0)),
    ]
    numbers.append(("scale", zeros + kind.scale))
    return _together([(name, v.astype(">i2")) for name, v in [*numbers, *((f"d{i}", g) for i, g in enumerate(groups))]])


def _groups(values: npt.NDArray[np.int64], count: int) -> list[npt.NDArray[np.int64]]:
    out: list[npt.NDArray[np.int64]] = []
    for _ in range(count):
        values, group = np.divmod(values, np.int64(_GROUP))
        out.insert(0, group)
    return out


def _together(fields: Sequence[tuple[str, npt.NDArray[Any]]]) -> npt.NDArray[Any]:
    """Arrays side by side, as one of records."""
    out = np.empty(len(fields[0][1]), dtype=[(f"f{i}", values.dtype) for i, (_, values) in enumerate(fields)])
    for i, (_, values) in enumerate(fields):
        out[f"f{i}"] = values
    return out


def _texts_of(records: npt.NDArray[Any]) -> pa.Array:
    """Records of one width as binary values."""
    ends = np.arange(len(records) + 1, dtype=np.int64) * records.dtype.itemsize
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(np.ascontiguousarray(records))]
    return pa.Array.from_buffers(pa.large_binary(), len(records), buffers)
