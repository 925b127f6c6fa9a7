"""The audit log: chained, refusing change, and telling when somebody got round that."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from pipelines.delivery import State
from pipelines.warehouse import audit, register
from pipelines.warehouse.connection import Warehouse
from tests.unit.warehouse.desk import register_one


@pytest.fixture(autouse=True)
def three_entries(owner: Warehouse, warehouse: Warehouse) -> None:
    """A fresh log with one delivery that was registered, extracted and cleaned."""
    forge(owner, "delete from ops.audit", "delete from ops.delivery")
    with warehouse.transaction() as conn:
        delivery = register_one(conn, "acme")
        for state in (State.EXTRACTED, State.CLEANED):
            delivery = register.move(conn, delivery, state, actor="test", detail={"n": 1.50, "text": "ä"})


def forge(owner: Warehouse, *statements: str) -> None:
    """What only the owner of the database can do, by switching the triggers off."""
    with owner.transaction() as conn:
        conn.execute(sa.text("set local session_replication_role = replica"))
        for statement in statements:
            conn.execute(sa.text(statement))


def faults(warehouse: Warehouse) -> str:
    with warehouse.transaction() as conn:
        report = audit.verify(conn)
    assert report.ok is not bool(report.faults)
    return "; ".join(report.faults)


def test_untouched_log_is_whole(warehouse: Warehouse) -> None:
    with warehouse.transaction() as conn:
        report = audit.verify(conn)
        rows = conn.execute(sa.text("select audit_id, prev_hash, hash, db_user from ops.audit order by 1")).all()
    assert (report.ok, report.entries, report.head) == (True, 3, rows[-1].hash)
    assert [r.audit_id for r in rows] == [1, 2, 3]
    assert [r.prev_hash for r in rows] == ["", rows[0].hash, rows[1].hash]
    assert {r.db_user for r in rows} == {"loader"}


@pytest.mark.parametrize(
    "statement", ["update ops.audit set actor = 'x'", "delete from ops.audit", "truncate ops.audit"]
)
def test_even_the_owner_is_refused(owner: Warehouse, statement: str) -> None:
    with pytest.raises(sa.exc.ProgrammingError, match="append-only"), owner.transaction() as conn:
        conn.execute(sa.text(statement))


@pytest.mark.parametrize(
    ("forgery", "says"),
    [
        ("update ops.audit set actor = 'nobody' where audit_id = 2", "entry 2 was changed"),
        ("update ops.audit set detail = '{}' where audit_id = 3", "entry 3 was changed"),
        ("update ops.audit set at = at + interval '1 microsecond' where audit_id = 1", "entry 1 was changed"),
        ("delete from ops.audit where audit_id = 2", "entries 2 to 2 are missing; entry 3 does not follow"),
        ("delete from ops.audit where audit_id = 3", "is cleaned (attempt 1), its newest entry says extracted"),
        ("update ops.delivery set state = 'loaded'", "is loaded (attempt 1), its newest entry says cleaned"),
    ],
)
def test_forgery_is_found(owner: Warehouse, warehouse: Warehouse, forgery: str, says: str) -> None:
    assert faults(warehouse) == ""
    forge(owner, forgery)
    assert says in faults(warehouse)


def test_entry_that_was_made_to_fit_breaks_the_next(owner: Warehouse, warehouse: Warehouse) -> None:
    forge(
        owner,
        "update ops.audit set actor = 'nobody' where audit_id = 2",
        "update ops.audit a set hash = ops.audit_hash(a) where audit_id = 2",
    )
    assert faults(warehouse) == "entry 3 does not follow the entry before it"


def test_time_user_and_hashes_cannot_be_given(warehouse: Warehouse) -> None:
    with warehouse.transaction() as conn:
        conn.execute(
            sa.text(
                "insert into ops.audit (audit_id, at, actor, db_user, action, prev_hash, hash) "
                "values (99, '2001-01-01', 'x', 'y', 'z', 'p', 'h')"
            )
        )
    with warehouse.transaction() as conn:
        row = conn.execute(
            sa.text("select audit_id, db_user, at > '2002-01-01' from ops.audit where actor = 'x'")
        ).one()
    assert tuple(row) == (4, "loader", True)
    assert faults(warehouse) == ""


def test_writers_at_the_same_time_make_one_chain(warehouse: Warehouse) -> None:
    barrier = threading.Barrier(6)

    def write() -> None:
        for _ in range(5):
            with warehouse.transaction() as conn:
                audit.record(conn, actor="test", action="first")
                barrier.wait()
                audit.record(conn, actor="test", action="second")

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with warehouse.transaction() as conn:
        report = audit.verify(conn)
    assert (report.entries, report.faults) == (63, ())


def test_long_transaction_with_an_early_entry_stops_nobody(warehouse: Warehouse) -> None:
    with warehouse.transaction() as slow:
        audit.record(slow, actor="slow", action="begin")
        with warehouse.transaction() as quick:
            quick.execute(sa.text("set local lock_timeout = '100ms'"))
            audit.record(quick, actor="quick", action="look")
    assert faults(warehouse) == ""
