"""Transactions, leases, scope locks and bulk copy against the real server."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
import traceback
from datetime import UTC, date, datetime
from decimal import Decimal

import psycopg
import pyarrow as pa
import pytest
import sqlalchemy as sa

from pipelines.delivery import Scope
from pipelines.errors import AlreadyRunning, TransientError
from pipelines.warehouse.connection import Warehouse, copy_table, scope_lock


def test_every_value_survives_the_copy(warehouse: Warehouse) -> None:
    table = pa.table(
        {
            "t": pa.array(["", None, 'a,"b"\n;\\.', "ä€\u00a0", "\\N", " x "]),
            "n": pa.array([Decimal("0.01"), None, Decimal("-9999999999999999.99"), *[None] * 3], pa.decimal128(18, 2)),
            "d": pa.array([date(2026, 2, 28), None, date(1900, 1, 1), *[None] * 3], pa.date32()),
            "at": pa.array([datetime(2026, 1, 1, 12, 0, 0, 1, UTC), *[None] * 5], pa.timestamp("us", "UTC")),
            "b": pa.array([True, None, False, *[None] * 3]),
            "i": pa.array([2**62, None, -1, *[None] * 3], pa.int64()),
            "u": pa.array(["00" * 16, *[None] * 5]),
        }
    )  # fmt: skip
    with warehouse.transaction() as conn:
        conn.execute(
            sa.text(
                "create table work.copied "
                "(t text, n numeric(18,2), d date, at timestamptz, b boolean, i bigint, u uuid)"
            )
        )
        assert copy_table(conn, "work.copied", table.column_names, [*table.to_batches(), table.slice(0, 0)]) == 6
        found = [tuple(row) for row in conn.execute(sa.text("select t, n, d, at, b, i, u::text from work.copied"))]
        conn.execute(sa.text("drop table work.copied"))
    assert [row[:6] for row in found] == [tuple(row.values())[:6] for row in table.to_pylist()]
    assert found[0][6] == "00000000-0000-0000-0000-000000000000"


def test_small_decimals_are_written_so_that_the_server_reads_them(warehouse: Warehouse) -> None:
    table = pa.table({"n": pa.array([Decimal("0.0000000001"), Decimal("0E-10")], pa.decimal128(20, 10))})
    with warehouse.transaction() as conn:
        conn.execute(sa.text("create table work.small (n numeric(20,10))"))
        copy_table(conn, "work.small", ["n"], [table])
        assert list(conn.scalars(sa.text("select n from work.small"))) == [Decimal("1E-10"), Decimal(0)]
        conn.execute(sa.text("drop table work.small"))


def test_exception_rolls_back(warehouse: Warehouse) -> None:
    with pytest.raises(ZeroDivisionError), warehouse.transaction() as conn:
        conn.execute(sa.text("create table work.never (n int)"))
        raise ZeroDivisionError
    with warehouse.transaction() as conn:
        assert conn.scalar(sa.text("select to_regclass('work.never')")) is None


def test_second_runner_is_told_that_one_is_running(warehouse: Warehouse) -> None:
    with warehouse.lease(7):
        with pytest.raises(AlreadyRunning, match="delivery 7 is already running"), warehouse.lease(7):
            pass
        with warehouse.lease(8):
            pass
    with warehouse.lease(7):
        pass


def test_many_runners_at_once_one_wins(warehouse: Warehouse) -> None:
    barrier, won, lost = threading.Barrier(4), [], []

    def run() -> None:
        barrier.wait()
        try:
            with warehouse.lease(9):
                won.append(1)
                time.sleep(0.5)
        except AlreadyRunning:
            lost.append(1)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 3)


def test_killed_process_gives_its_lease_back(warehouse: Warehouse) -> None:
    code = (
        "import sys, time\n"
        "from pipelines.warehouse.connection import Warehouse\n"
        "with Warehouse(sys.argv[1]).lease(10):\n"
        "    print('leased', flush=True)\n"
        "    time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, warehouse.url], stdout=subprocess.PIPE, text=True)
    assert process.stdout and process.stdout.readline() == "leased\n"
    with pytest.raises(AlreadyRunning), warehouse.lease(10):
        pass
    process.kill()
    process.wait()
    process.stdout.close()
    for _ in range(50):
        try:
            with warehouse.lease(10):
                return
        except AlreadyRunning:
            time.sleep(0.1)
    pytest.fail("the lease outlived its process")


def test_scope_lock_lasts_as_long_as_the_transaction(warehouse: Warehouse) -> None:
    scope, other = Scope("c", "f.x", "main"), Scope("c", "f.x", "other")
    with warehouse.transaction() as conn:
        scope_lock(conn, scope)
        with warehouse.transaction() as second:
            scope_lock(second, other)
            second.execute(sa.text("set local lock_timeout = '50ms'"))
            with pytest.raises(TransientError, match="lock timeout"), warehouse.transaction() as third:
                third.execute(sa.text("set local lock_timeout = '50ms'"))
                scope_lock(third, scope)
    with warehouse.transaction() as conn:
        scope_lock(conn, scope)


def test_deadlock_and_cancelled_statement_may_pass(warehouse: Warehouse) -> None:
    with pytest.raises(TransientError, match="57014"), warehouse.transaction() as conn:
        conn.execute(sa.text("set local statement_timeout = '20ms'"))
        conn.execute(sa.text("select pg_sleep(5)"))


def test_lost_connection_may_pass_and_the_pool_recovers(warehouse: Warehouse, owner: Warehouse) -> None:
    with pytest.raises(TransientError), warehouse.transaction() as conn:
        pid = conn.scalar(sa.text("select pg_backend_pid()"))
        with owner.transaction() as other:
            other.execute(sa.text("select pg_terminate_backend(:pid)"), {"pid": pid})
        conn.execute(sa.text("select 1"))
    with warehouse.transaction() as conn:
        assert conn.scalar(sa.text("select 1")) == 1


def test_server_that_is_not_there_may_come_back() -> None:
    absent = Warehouse("postgresql://nobody:x@127.0.0.1:1/none")
    with pytest.raises(TransientError, match="refused"), absent.transaction():
        pass


def test_our_own_mistakes_do_not_pass(warehouse: Warehouse) -> None:
    with pytest.raises(sa.exc.ProgrammingError), warehouse.transaction() as conn:
        conn.execute(sa.text("select * from nowhere"))
    with pytest.raises(psycopg.errors.UndefinedTable), warehouse.transaction() as conn:
        copy_table(conn, "work.nowhere", ["n"], [])


PAY, NAME = "98765.43", "Miller"


def _bad_rows(conn: sa.Connection, how: str) -> None:
    conn.execute(sa.text("create temp table pay (id text not null, pay numeric(4,2), primary key (id))"))
    insert = sa.text("insert into pay values (:id, cast(:pay as numeric))")
    if how == "copy":
        copy_table(conn, "pay", ["id", "pay"], [pa.table({"id": [NAME], "pay": [PAY]})])
    elif how == "read":
        conn.execute(insert, {"id": NAME, "pay": f"{PAY} EUR"})
    elif how == "null":
        conn.execute(insert, {"id": None, "pay": PAY[3:]})
    else:
        for _ in range(2):
            conn.execute(insert, {"id": NAME, "pay": PAY[3:]})


@pytest.mark.parametrize(
    ("how", "left"),
    [
        ("copy", r"numeric field overflow.*COPY pay, line 1"),
        ("read", "invalid input syntax for type numeric"),
        ("null", 'null value in column "id"'),
        ("twice", 'duplicate key value violates unique constraint "pay_pkey"'),
    ],
)
def test_an_error_about_data_names_the_place_and_no_value(warehouse: Warehouse, how: str, left: str) -> None:
    with pytest.raises((sa.exc.DBAPIError, psycopg.Error)) as caught, warehouse.transaction() as conn:
        _bad_rows(conn, how)
    told = "".join(traceback.format_exception(caught.value))
    assert re.search(left, told)
    assert PAY[3:] not in told
    assert NAME not in told
