"""The way to the warehouse: connections, transactions, bulk copy, locks. No table is named here."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.csv as pacsv
import sqlalchemy as sa
from psycopg import sql

from pipelines.delivery import Scope
from pipelines.errors import AlreadyRunning, TransientError
from pipelines.warehouse.server import with_driver

APPLICATION = "kontor"
LOCK_TIMEOUT = "15min"  # a night must not hang behind a lock: longer is a fault to be tried again
_LEASE = 0x4B4C << 40  # keeps leases apart from other users of advisory locks
_PASSING = ("08", "40", "53", "57P", "58")
"""SQLSTATEs that may pass: connection, serialization and deadlock, resources, shutdown, input/output."""
_ABOUT_DATA = ("22", "23")
_QUOTED = re.compile(r'"[^"]*"')
_PASSING_EXACT = ("55P03", "57014")  # lock not available, statement cancelled


class Warehouse:
    """One warehouse, by the URL of one login."""

    def __init__(self, url: str, application: str = APPLICATION) -> None:
        self.url = with_driver(url)
        self.application = application

    def __repr__(self) -> str:
        return f"Warehouse({sa.make_url(self.url).render_as_string(hide_password=True)})"

    @cached_property
    def engine(self) -> sa.Engine:
        """The pool of connections; each is tried before it is used again."""
        options = f"-c timezone=UTC -c lock_timeout={LOCK_TIMEOUT}"
        return sa.create_engine(
            self.url,
            pool_pre_ping=True,
            hide_parameters=True,  # errors end in logs
            connect_args={"application_name": self.application, "connect_timeout": 30, "options": options},
        )

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """A transaction: committed at the end, rolled back by any exception; passing faults as TransientError."""
        with passing_faults(), self.engine.begin() as conn:
            yield conn

    @contextmanager
    def lease(self, delivery_id: int) -> Iterator[None]:
        """Keep every other runner away from one delivery; raises AlreadyRunning when one is at it.

        The lock belongs to a connection of its own, so a killed process gives it back at once.
        """
        with passing_faults():
            conn = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        with conn:
            key = {"key": _LEASE + delivery_id}
            with passing_faults():
                free = conn.scalar(sa.text("select pg_try_advisory_lock(:key)"), key)
            if not free:
                raise AlreadyRunning(
                    f"delivery {delivery_id} is already running",
                    got="another runner holds its lease",
                    next_step="wait for the other run to end; it is tried again by itself",
                )
            try:
                yield
            finally:
                _release(conn, key)

    @contextmanager
    def turn(self, name: str) -> Iterator[None]:
        """Wait until nobody else is at what is called `name`, and keep everyone else away until the end.

        Whoever waits longer than the lock timeout gets a TransientError. A killed process gives its turn back at once.
        """
        with passing_faults():
            conn = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        with conn:
            digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
            key = {"key": int.from_bytes(digest, "big", signed=True)}
            with passing_faults():
                conn.execute(sa.text("select pg_advisory_lock(:key)"), key)
            try:
                yield
            finally:
                _release(conn, key)

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _release(conn: sa.Connection, key: dict[str, int]) -> None:
    try:
        conn.execute(sa.text("select pg_advisory_unlock(:key)"), key)
    except sa.exc.DBAPIError:
        conn.invalidate()  # the connection is gone, and the lock with it


@contextmanager
def passing_faults() -> Iterator[None]:
    """Turn database faults that may pass (lost connection, deadlock, full disk, shutdown) into TransientError.

    Others go on, without the values of the row at fault.
    """
    try:
        yield
    except sa.exc.DBAPIError as error:
        if said := _without_values(error.orig):
            error.args = (f"({type(error.orig).__name__}) {said}",)
        if (fault := transient(error.orig)) is None:
            raise
        raise fault from error
    except sa.exc.TimeoutError as error:
        raise TransientError("no free connection to the warehouse", next_step="try again later") from error
    except psycopg.Error as error:
        _without_values(error)
        if (fault := transient(error)) is None:
            raise
        raise fault from error


def _without_values(error: BaseException | None) -> str | None:
    """Take the values out of the text of an error about data, which is logged; returns the text that is left.

    `DETAIL: Failing row contains (…)` quotes a whole row, `COPY d_7, line 3, column pay: "1,0"` the cell.
    """
    if not isinstance(error, psycopg.Error) or not (error.sqlstate or "").startswith(_ABOUT_DATA):
        return None
    said = error.diag.message_primary or ""
    if error.sqlstate and error.sqlstate.startswith("22"):
        said = _QUOTED.sub('"…"', said)
    place = _QUOTED.sub('"…"', (error.diag.context or "").partition("\n")[0])
    said = f"{said} ({place})" if place.startswith("COPY") else said
    error.args = (said,)
    return said


def transient(error: BaseException | None) -> TransientError | None:
    """The TransientError for a psycopg error that may pass, None for any other.

    An OperationalError without SQLSTATE is a connection that could not be made or broke.
    """
    if not isinstance(error, psycopg.Error):
        return None
    code = error.sqlstate
    lost = code is None and isinstance(error, psycopg.OperationalError)
    if not (lost or (code and (code.startswith(_PASSING) or code in _PASSING_EXACT))):
        return None
    said = error.diag.message_primary or " ".join(str(error).split())[:300] or "connection lost"
    return TransientError(
        "warehouse fault that may pass",
        got=f"{said} ({code})" if code else said,
        next_step="it is tried again by itself; if it stays, look at the database server's log, disk and memory",
    )


def scope_lock(conn: sa.Connection, scope: Scope, *, whole_feed: bool = False) -> None:
    """Until the end of the transaction nobody else publishes in this scope (or in this client's feed)."""
    parts = (scope.client_id, scope.feed) if whole_feed else (scope.client_id, scope.feed, scope.source, scope.period)
    digest = hashlib.blake2b("\0".join(p or "" for p in parts).encode(), digest_size=8).digest()
    conn.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": int.from_bytes(digest, "big", signed=True)})


@contextmanager
def without_loops(conn: sa.Connection) -> Iterator[None]:
    """For statements that join what this transaction has just written to quarantine with the work table.

    PostgreSQL has no statistics of a delivery that new, takes it for a row or two and looks through the whole work
    table once for each: 15 000 rejects of a million rows took more than seven minutes, by hashing a second.
    """
    conn.execute(sa.text("set local enable_nestloop = off"))
    yield
    conn.execute(sa.text("reset enable_nestloop"))


@contextmanager
def by_index(conn: sa.Connection) -> Iterator[None]:
    """For a few rows that are looked up one by one: PostgreSQL may take a table just loaded for a small one to scan."""
    conn.execute(sa.text("set local enable_seqscan = off"))
    yield
    conn.execute(sa.text("reset enable_seqscan"))


@contextmanager
def by_merging(conn: sa.Connection) -> Iterator[None]:
    """For a join of two large sets by key: both are read as they lie, sorted and merged.

    Of a million rows on either side it takes 1.3 CPU seconds of the server; by hashing, which reads memory at random,
    2.7; by an index whose order is not that of the table, 4.1. The planner would choose one of these two.
    """
    names = ("enable_nestloop", "enable_hashjoin", "enable_indexscan")
    raw(conn).execute("; ".join(f"set local {name} = off" for name in names).encode())
    yield
    raw(conn).execute("; ".join(f"reset {name}" for name in names).encode())


def copy_table(
    conn: sa.Connection, table: str, columns: Sequence[str], batches: Iterable[pa.RecordBatch | pa.Table]
) -> int:
    """COPY Arrow batches into a table by way of CSV bytes; returns the number of rows.

    Null and the empty string stay different: a null cell is written as nothing, an empty text as `""`.
    """
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    target = sql.Identifier(*table.split("."))
    statement = sql.SQL("copy {} ({}) from stdin (format csv)").format(target, names)
    options = pacsv.WriteOptions(include_header=False, quoting_style="needed")
    rows = 0
    with raw(conn).cursor() as cursor, cursor.copy(statement) as copy:
        for batch in batches:
            sink = pa.BufferOutputStream()
            pacsv.write_csv(batch.select(list(columns)), sink, options)
            copy.write(memoryview(sink.getvalue()))
            rows += batch.num_rows
    return rows


def raw(conn: sa.Connection) -> psycopg.Connection[Any]:
    """The psycopg connection under a SQLAlchemy one, inside its transaction."""
    driver = conn.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError(f"the warehouse needs psycopg 3, got {type(driver).__name__}")
    return driver
