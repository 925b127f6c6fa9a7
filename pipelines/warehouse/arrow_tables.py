"""Rows of the warehouse as Arrow tables, and lists of numbers as it writes them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import sqlalchemy as sa
from psycopg import sql

from pipelines.warehouse.connection import raw


def read_table(conn: sa.Connection, query: sql.Composable, types: Mapping[str, pa.DataType]) -> pa.Table:
    """The rows of a query, its columns by name and type, by way of CSV: a null is nothing, an empty text is quoted."""
    sink = io.BytesIO()
    with raw(conn).cursor() as cursor, cursor.copy(sql.SQL("copy ({}) to stdout (format csv)").format(query)) as copy:
        for block in copy:
            sink.write(block)
    if not sink.tell():
        return pa.table({name: pa.array([], kind) for name, kind in types.items()})
    sink.seek(0)
    return pacsv.read_csv(
        sink,
        read_options=pacsv.ReadOptions(column_names=list(types), block_size=1 << 24),
        parse_options=pacsv.ParseOptions(newlines_in_values=True),
        convert_options=pacsv.ConvertOptions(
            column_types=dict(types),
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def listed(values: pa.Array, ends: Iterable[int]) -> pa.Array:
    """Numbers as the arrays of PostgreSQL are written; `ends`: where that of each row ends.

    >>> listed(pa.array([1, 2, 3]), [2, 3]).to_pylist()
    ['{1,2}', '{3}']
    """
    texts = pa.array(values).cast(pa.string())
    lists = pa.ListArray.from_arrays(pa.array([0, *ends], pa.int32()), texts)
    return pc.binary_join_element_wise("{", pc.binary_join(lists, ","), "}", "")
