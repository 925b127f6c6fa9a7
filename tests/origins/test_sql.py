"""Rows of a database become Parquet files, since the last watermark, without a loss when a run is killed."""

from __future__ import annotations

import signal
import sqlite3
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from pipelines.errors import DeclarationError
from pipelines.extract import queries
from pipelines.warehouse.connection import Warehouse
from tests.origins.conftest import Desk
from tests.origins.servers import closed_port
from tests.origins.test_sftp import dying_in, run

ERP = {
    "connection": "acme_erp",
    "query": "select * from items where changed_at > :watermark order by changed_at",
    "watermark": "changed_at",
    "start": "2024-01-01",
    "into": "erp/items",
}


def tables(desk: Desk, client: str = "acme") -> list[list[dict[str, Any]]]:
    return [pq.read_table(p).to_pylist() for p in sorted((desk.settings.landing / client / "erp").rglob("*.parquet"))]


@pytest.fixture
def erp(desk: Desk, owner: Warehouse) -> Desk:
    """A client's PostgreSQL: here the test's own server, as a user who may read."""
    with owner.transaction() as conn:
        conn.execute(sa.text("create schema if not exists erp"))
        conn.execute(sa.text("drop table if exists erp.items"))
        conn.execute(
            sa.text(
                "create table erp.items (id bigint, amount numeric(12,2), rate numeric, due date, "
                "changed_at timestamptz, tags text[], doc jsonb, note text, paid boolean)"
            )
        )
        conn.execute(
            sa.text("grant usage on schema erp to kontor_loader; grant select, insert on erp.items to kontor_loader")
        )
    url = sa.make_url(str(desk.settings.warehouse_url))
    desk.connect(
        "acme_erp",
        {
            "conn_type": "postgres", "host": url.host, "port": url.port, "login": url.username,
            "password": url.password, "schema": url.database,
        },
    )  # fmt: skip
    desk.declare("acme", {"erp": {**ERP, "query": ERP["query"].replace("items", "erp.items")}})
    return desk


def add(desk: Desk, number: int, changed: str, amount: str = "12.50") -> None:
    with desk.warehouse.transaction() as conn:
        conn.execute(
            sa.text(
                "insert into erp.items values (:id, cast(:amount as numeric), 0.1234567890123456789, '2024-02-29', "
                "cast(:changed as timestamptz), '{a,b}', '{\"k\": 1}', null, true)"
            ),
            {"id": number, "amount": amount, "changed": changed},
        )


def test_rows_come_typed_and_once(erp: Desk) -> None:
    add(erp, 1, "2023-12-31 23:00+00")
    add(erp, 2, "2024-05-01 10:00:00.123456+02")
    add(erp, 3, "2024-05-01 10:00:00.2+02", "-0.01")
    report = erp.fetch()
    assert report.problems == []
    (rows,) = tables(erp)
    assert [row["id"] for row in rows] == [2, 3]
    assert rows[0] == {
        "id": 2, "amount": Decimal("12.50"), "rate": Decimal("0.1234567890123456789"), "due": date(2024, 2, 29),
        "changed_at": datetime(2024, 5, 1, 8, 0, 0, 123456, UTC), "tags": '["a", "b"]', "doc": '{"k": 1}',
        "note": None, "paid": True,
    }  # fmt: skip
    assert rows[1]["amount"] == Decimal("-0.01")
    assert erp.query("select watermark, watermark_type, pending_file from ops.origin") == [
        ("2024-05-01T08:00:00.200000+00:00", "timestamp", None)
    ]
    again = erp.fetch()
    assert (again.fetched, again.empty) == ([], ["acme · erp"])
    add(erp, 4, "2024-05-01 10:00:00.200001+02")
    assert len(erp.fetch().fetched) == 1
    assert [row["id"] for row in tables(erp)[1]] == [4]


@pytest.mark.parametrize(
    "kill",
    [
        "from pipelines.warehouse import fetched as m; m.finish_query",
        "from pipelines.extract import origins as m; m.place",
    ],
)
def test_a_kill_neither_loses_nor_doubles_rows(erp: Desk, kill: str) -> None:
    add(erp, 1, "2024-05-01 10:00+00")
    assert run(erp, dying_in(kill)).wait() == -signal.SIGKILL
    add(erp, 2, "2024-05-01 11:00+00")
    assert erp.fetch().problems == []
    assert [[row["id"] for row in rows] for rows in tables(erp)] == [[1, 2]], "the same file, written again"
    assert erp.fetch().empty == ["acme · erp"]


def test_types_grow_over_the_chunks(erp: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "CHUNK_ROWS", 2)
    for number, amount in enumerate(["1.00", "2.00", "123456789.99", "4.00", "5.00"]):
        add(erp, number, f"2024-05-01 10:0{number}+00", amount)
    erp.fetch()
    (rows,) = tables(erp)
    assert [row["amount"] for row in rows] == [Decimal(a) for a in ("1.00", "2.00", "123456789.99", "4.00", "5.00")]
    assert not (erp.settings.landing / "acme/.fetch").exists()


def test_without_a_watermark_every_run_writes_its_own_file(erp: Desk) -> None:
    erp.declare("acme", {"erp": {"connection": "acme_erp", "query": "select id from erp.items"}})
    add(erp, 1, "2024-05-01 10:00+00")
    erp.fetch()
    erp.fetch()
    assert [[row["id"] for row in rows] for rows in tables(erp)] == [[1], [1]]


@pytest.mark.parametrize(
    "query",
    [
        "delete from erp.items",
        "select 1; drop table erp.items",
        "with gone as (delete from erp.items returning *) select * from gone",
        "select * into other from erp.items",
        "select * from erp.items for update",
        "insert into erp.items select * from erp.items",
        "copy erp.items to program 'id'",
        "",
    ],
)
def test_anything_but_a_select_is_refused(query: str) -> None:
    with pytest.raises(DeclarationError, match="query of an origin cannot be used"):
        queries.check_query(query, "postgresql")


def test_the_session_itself_may_only_read(erp: Desk, owner: Warehouse) -> None:
    add(erp, 1, "2024-05-01 10:00+00")
    with owner.transaction() as conn:
        conn.execute(
            sa.text(
                "create or replace function erp.sneaky() returns int language sql as "
                "$$ insert into erp.items (id) values (99) returning 1 $$"
            )
        )
    erp.declare("acme", {"erp": {"connection": "acme_erp", "query": "select erp.sneaky() as x"}})
    report = erp.fetch()
    assert "read-only transaction" in report.problems[0].message
    assert erp.query("select count(*) from erp.items") == [(1,)]


@pytest.mark.parametrize(
    ("words", "said", "may_pass"),
    [
        ({"password": "wr0ng-secret"}, "password authentication failed", False),
        ({"port": closed_port()}, "database does not answer", True),
        ({"conn_type": "mysql"}, "uv pip install pymysql", False),
        ({"conn_type": "nosuch"}, "no driver for databases of type nosuch", False),
    ],
)
def test_faults_say_what_to_do(erp: Desk, words: dict[str, Any], said: str, may_pass: bool) -> None:
    url = sa.make_url(str(erp.settings.warehouse_url))
    good = {
        "conn_type": "postgres", "host": url.host, "port": url.port, "login": url.username, "password": url.password,
        "schema": url.database,
    }  # fmt: skip
    erp.connect("acme_erp", {**good, **words})
    report = erp.fetch()
    assert [p.may_pass for p in report.problems] == [may_pass]
    assert said in report.problems[0].message
    assert "wr0ng" not in str(report)
    assert str(url.password) not in str(report)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select id as x, id as x from erp.items where changed_at > :watermark", "x twice"),
        ("select id from erp.items where changed_at > :watermark", "the watermark changed_at among them"),
        ("select id, changed_at from erp.items where changed_at > :watermark and note <> ':other'", ":other"),
        ("select nothing from erp.items where changed_at > :watermark", "query refused by the database"),
        ("select doc as changed_at from erp.items where changed_at > :watermark", "without order or type"),
    ],
)
def test_faults_of_the_query(erp: Desk, query: str, said: str) -> None:
    add(erp, 1, "2024-05-01 10:00+00")
    add(erp, 2, "2024-05-01 11:00+00")
    erp.declare("acme", {"erp": {**ERP, "query": query}})
    report = erp.fetch()
    assert said in report.problems[0].message
    assert tables(erp) == []


def test_sqlite(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "erp.db"
    with sqlite3.connect(path) as db:
        db.execute("create table items (id integer, changed_at text, mixed)")
        db.executemany(
            "insert into items values (?, ?, ?)",
            [(1, "2023-01-01 00:00:00", 1), (2, "2024-02-01 00:00:00", "text"), (3, "2024-03-01 00:00:00", 1.5)],
        )
    desk.connect("acme_erp", {"conn_type": "sqlite", "host": str(path)})
    desk.declare("acme", {"erp": ERP})
    assert desk.fetch().problems == []
    assert tables(desk) == [
        [
            {"id": 2, "changed_at": "2024-02-01 00:00:00", "mixed": "text"},
            {"id": 3, "changed_at": "2024-03-01 00:00:00", "mixed": "1.5"},
        ]
    ]
    with sqlite3.connect(path) as db:
        db.execute("insert into items values (4, '2024-03-01 00:00:01', null)")
    desk.fetch()
    assert [row["id"] for row in tables(desk)[1]] == [4]
    desk.connect("acme_erp", {"conn_type": "sqlite", "host": str(tmp_path / "none.db")})
    assert "database file is not there" in desk.fetch().problems[0].message
    assert not (tmp_path / "none.db").exists()
