"""Databases of others: the rows of one SELECT become one Parquet file in landing. Nothing is ever written there.

The file has the types of the database: decimals exact, dates as dates, times in UTC. A type that Parquet does not
know (JSON, arrays, intervals, UUIDs) is written as text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc
import pyarrow.parquet as pq
import sqlalchemy as sa
import sqlglot
from sqlglot import exp

from pipelines.connections import Connection
from pipelines.errors import DeclarationError, TransientError
from pipelines.origin_words import Watermark, write_watermark

CHUNK_ROWS = 50_000
"""Rows held as Python objects at a time: about 100 MB at 20 columns."""

DRIVERS = {
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "mssql": "mssql+pyodbc",
    "oracle": "oracle+oracledb",
}
"""Connection type → SQLAlchemy dialect and driver; `sqlalchemy_scheme` in the connection's extra says another."""

_DIALECTS = {"postgresql": "postgres", "mssql": "tsql", "mariadb": "mysql"}
_READ_ONLY = {
    "sqlite": "pragma query_only = on",
    "mysql": "set session transaction read only",
    "mariadb": "set session transaction read only",
    "oracle": "set transaction read only",
}
_BINDS: Mapping[type, Any] = {
    date: sa.Date(),
    int: sa.BigInteger(),
    float: sa.Double(),
    Decimal: sa.Numeric(),
    bytes: sa.LargeBinary(),
    str: sa.String(),
}


@dataclass(frozen=True)
class Fetched:
    """What a query gave: its rows are in the file, unless there were none; `watermark` is the highest value seen."""

    rows: int
    watermark: Watermark | None


def check_query(query: str, dialect: str | None = None, *, strict: bool = True) -> None:
    """DeclarationError unless the text is one SELECT (or WITH … SELECT) that changes and locks nothing.

    Without `strict` a text that cannot be parsed passes: the dialect is known only once the database is.
    """
    try:
        statements = [s for s in sqlglot.parse(query, read=_DIALECTS.get(dialect or "", dialect)) if s is not None]
    except sqlglot.errors.SqlglotError as error:
        if not strict:
            return
        raise _query_error(f"{' '.join(str(error).split())[:200]}", "SQL that can be read") from None
    if len(statements) != 1:
        raise _query_error(f"{len(statements)} statements", "one statement")
    if not isinstance(statements[0], exp.Select | exp.SetOperation | exp.Subquery):
        raise _query_error(statements[0].key.upper(), "a SELECT")
    for node in statements[0].walk():
        if isinstance(node, _CHANGES):
            raise _query_error(node.key.upper(), "a SELECT that changes and locks nothing")


_CHANGES = (
    exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Drop, exp.Alter, exp.Command, exp.Into, exp.Lock,
    exp.TruncateTable, exp.Copy, exp.Set, exp.Use,
)  # fmt: skip


def open_engine(connection: Connection) -> sa.Engine:
    """The database of a connection. Its `extra` may have `sqlalchemy_scheme`, `sqlalchemy_query`, `ssl…` (postgres)."""
    extra, kind = connection.extra, connection.type
    scheme = str(extra.get("sqlalchemy_scheme") or DRIVERS.get(kind, kind))
    query = {str(k): str(v) for k, v in dict(extra.get("sqlalchemy_query") or {}).items()}
    database = connection.schema or (connection.host if kind == "sqlite" else "")
    if kind == "postgres":
        query = {"connect_timeout": "30", "options": "-c timezone=UTC"} | query
        query |= {k: str(v) for k, v in extra.items() if k.startswith("ssl")}
    if kind == "sqlite" and not Path(database).is_file():
        raise DeclarationError(
            "database file is not there",  # SQLite would make an empty one
            got=database,
            expected="an SQLite file",
            next_step=f"correct host (the path) of connection {connection.name}",
        )
    url = sa.URL.create(
        scheme,
        username=connection.login or None,
        password=connection.password or None,
        host=connection.host or None if kind != "sqlite" else None,
        port=connection.port,
        database=database or None,
        query=query,
    )
    try:
        return sa.create_engine(url, poolclass=sa.NullPool, hide_parameters=True)
    except (ImportError, sa.exc.NoSuchModuleError) as error:
        raise DeclarationError(
            f"no driver for databases of type {kind}",
            got=connection.hide(str(error)),
            expected=f"the package of the driver of {scheme}",
            next_step=f"install it (uv pip install {scheme.partition('+')[2] or kind}), "
            "or name another with sqlalchemy_scheme in the connection",
        ) from None


def fetch_rows(
    engine: sa.Engine,
    query: str,
    watermark: str | None,
    value: Watermark | None,
    part: Path,
    hide: Callable[[str], str],
) -> Fetched:
    """Run a query and write its rows to `part` as Parquet; no row, no file. `value` is bound as `:watermark`.

    Rows are read from a server-side cursor and kept, chunk by chunk, in files beside `part` until the types of
    all of them are known. Memory is bounded by the chunk.
    """
    check_query(query, engine.dialect.name)
    chunks: list[Path] = []
    highest: Watermark | None = None
    rows = 0
    try:
        with database_faults(engine.dialect.name, hide), _reading(engine) as conn:
            result = conn.execute(*_statement(query, watermark, value))
            names = _names(list(result.keys()), watermark)
            for block in result.partitions(CHUNK_ROWS):
                columns = list(zip(*block, strict=True))
                rows += len(block)
                if watermark is not None:
                    highest = _highest(highest, columns[names.index(watermark)], watermark)
                chunks.append(part.with_name(f"{part.name}.{len(chunks)}"))
                _spill(chunks[-1], pa.Table.from_arrays([_array(c) for c in columns], names=names))
        if rows:
            _write(part, chunks)
    finally:
        for chunk in chunks:
            chunk.unlink(missing_ok=True)
    return Fetched(rows, highest)


@contextmanager
def database_faults(dialect: str, hide: Callable[[str], str]) -> Iterator[None]:
    """Turn the errors of a database into ours, without statement, parameters and secrets."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        said = hide(" ".join(str(error.orig).split())[:300])
        passing = isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError) or error.connection_invalidated
        if passing and not _OURS.search(said) and (dialect != "sqlite" or _BUSY.search(said)):
            raise TransientError(
                "database does not answer as it should",
                got=said,
                next_step="it is tried again by itself; if it stays, ask the client whether its database is up",
            ) from None
        raise DeclarationError(
            "query refused by the database",
            got=said,
            expected="a user who may read, and a query that the database understands",
            next_step="correct the connection or the query of the origin",
        ) from None


_OURS = re.compile(
    r"authentication failed|access denied|login failed|does not exist|unknown database|no password|permission denied"
    r"|syntax error|ORA-01017|role .* not permitted",
    re.I,
)
_BUSY = re.compile(r"locked|busy|disk I/O", re.I)


@contextmanager
def _reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    with engine.connect() as conn:
        conn = conn.execution_options(stream_results=True, max_row_buffer=CHUNK_ROWS)
        if engine.dialect.name == "postgresql":
            conn = conn.execution_options(postgresql_readonly=True)
        if statement := _READ_ONLY.get(engine.dialect.name):
            conn.exec_driver_sql(statement)
        yield conn
        conn.rollback()


def _statement(query: str, watermark: str | None, value: Watermark | None) -> tuple[sa.TextClause, dict[str, Any]]:
    statement = sa.text(query.strip().rstrip(";"))
    strange = set(statement._bindparams) - ({"watermark"} if watermark else set())
    if strange:
        raise _query_error(
            f":{', :'.join(sorted(strange))}", "no parameter but :watermark; a colon in a text is written as \\:"
        )
    if watermark is None or value is None:
        return statement, {}
    kind = next((k for t, k in _BINDS.items() if type(value) is t), sa.String())
    if isinstance(value, datetime):
        kind = sa.DateTime(timezone=value.tzinfo is not None)
    return statement.bindparams(sa.bindparam("watermark", value, type_=kind)), {}


def _names(names: list[str], watermark: str | None) -> list[str]:
    double = sorted({n for n in names if names.count(n) > 1})
    if double:
        raise _query_error(f"{', '.join(double)} twice", "a name of its own for every column (… as …)")
    if watermark is not None and watermark not in names:
        raise _query_error(f"columns {', '.join(names)}", f"the watermark {watermark} among them")
    return names


def _highest(before: Watermark | None, values: Sequence[Any], column: str) -> Watermark | None:
    try:
        seen = [v for v in values if v is not None] + ([] if before is None else [before])
        highest: Watermark | None = max(seen, default=None)
        if highest is not None:
            write_watermark(highest)
    except TypeError as error:
        raise _query_error(
            f"values of {column} without order or type ({error})", "a watermark of times, dates, numbers or texts"
        ) from None
    return highest


def _array(values: Sequence[Any]) -> pa.Array:
    """A column as Arrow, by the types its values have; values without an Arrow type as text."""
    kinds = {type(v) for v in values} - {type(None)}
    if kinds - _PLAIN:
        values, kinds = [v if type(v) in _PLAIN else _plain(v) for v in values], set()
    if datetime in kinds:
        values = [v.astimezone(UTC) if isinstance(v, datetime) and v.tzinfo else v for v in values]
    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError):  # kinds mixed (SQLite), NaN, integers above 64 bits
        return pa.array([v if v is None else _text(v) for v in values], pa.string())


_PLAIN = {bool, int, float, str, Decimal, datetime, date, time, bytes, type(None)}


def _plain(value: Any) -> Any:
    if isinstance(value, memoryview | bytearray):
        return bytes(value)
    return _text(value)


def _text(value: Any) -> str:
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def _spill(path: Path, table: pa.Table) -> None:
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)


def _write(part: Path, chunks: Sequence[Path]) -> None:
    """One Parquet file from all chunks, each column of the one type that holds every chunk's values."""
    tables = [pa.ipc.open_file(pa.memory_map(str(chunk))) for chunk in chunks]
    first = tables[0].schema
    types = [_common({t.schema.field(i).type for t in tables}) for i in range(len(first))]
    schema = pa.schema([pa.field(name, kind) for name, kind in zip(first.names, types, strict=True)])
    with pq.ParquetWriter(part, schema) as writer:
        for reader in tables:
            table = reader.read_all()
            columns = [_cast(c, kind) for c, kind in zip(table.columns, types, strict=True)]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))


def _common(types: set[pa.DataType]) -> pa.DataType:
    """The type that holds the values of all: decimals grow, anything else that differs becomes text."""
    kinds = {t for t in types if not pa.types.is_null(t)}
    if len(kinds) < 2:
        return next(iter(kinds), pa.string())
    if all(pa.types.is_decimal(t) or pa.types.is_int64(t) for t in kinds):
        scale = max(t.scale if pa.types.is_decimal(t) else 0 for t in kinds)
        whole = max(t.precision - t.scale if pa.types.is_decimal(t) else 19 for t in kinds)
        if scale + whole <= 76:
            return pa.decimal128(scale + whole, scale) if scale + whole <= 38 else pa.decimal256(scale + whole, scale)
    return pa.string()


def _cast(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if column.type == kind:
        return column
    if pa.types.is_string(kind) and not pa.types.is_null(column.type):
        return pa.chunked_array([pa.array([v if v is None else _text(v) for v in column.to_pylist()], kind)])
    return pc.cast(column, kind)


def _query_error(got: str, expected: str) -> DeclarationError:
    return DeclarationError(
        "query of an origin cannot be used", got=got, expected=expected, next_step="correct the query in the profile"
    )
