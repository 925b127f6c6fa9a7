"""Pseudonyms: what Python's own HMAC says, the same for the same value, and a key that nobody reads."""

from __future__ import annotations

import hashlib
import hmac

import psycopg
import pytest
import sqlalchemy as sa

from pipelines.settings import Settings
from pipelines.warehouse import ddl, pseudonyms
from pipelines.warehouse.connection import Warehouse
from tests.conftest import url_of
from tests.unit.warehouse.desk import register_one

PSEUDONYM = sa.text("select ops.pseudonym(:client, :value)")


def pseudonym(conn: sa.Connection, client: str, value: str | None) -> str | None:
    conn.execute(sa.text("set local role kontor_mart_owner"))
    found: str | None = conn.scalar(PSEUDONYM, {"client": client, "value": value})
    conn.execute(sa.text("reset role"))
    return found


@pytest.fixture(scope="module", autouse=True)
def clients(warehouse: Warehouse) -> None:
    with warehouse.transaction() as conn:
        for client in ("acme", "zeta"):
            register_one(conn, client)


@pytest.mark.parametrize("length", [1, 20, 32, 64])
def test_it_is_the_hmac_of_python(owner: Warehouse, length: int) -> None:
    key = bytes(range(7, 7 + length))
    inner, outer = pseudonyms.padded(key)
    with owner.transaction() as conn:
        values = {"client": f"k{length}", "inner": inner, "outer": outer}
        conn.execute(
            sa.text("insert into ops.client_key (client_id, inner_key, outer_key) values (:client, :inner, :outer)"),
            values,
        )
        for value in ("4711", "", "Łódź 日本 🙂", "x" * 1000):
            full = hmac.new(key, value.encode(), hashlib.sha256).hexdigest()
            assert pseudonym(conn, f"k{length}", value) == full[:32]


def test_a_key_longer_than_a_block_is_refused() -> None:
    with pytest.raises(ValueError, match="65 bytes"):
        pseudonyms.padded(bytes(65))


def test_same_value_same_pseudonym_within_a_client_only(warehouse: Warehouse) -> None:
    with warehouse.transaction() as conn:
        one = pseudonym(conn, "acme", "4711")
        assert pseudonym(conn, "acme", "4711") == one
        assert pseudonym(conn, "acme", "4712") != one
        assert pseudonym(conn, "zeta", "4711") != one
        assert pseudonym(conn, "acme", None) is None


def test_a_client_keeps_its_key(warehouse: Warehouse, owner: Warehouse) -> None:
    with warehouse.transaction() as conn:
        before = pseudonym(conn, "acme", "4711")
        register_one(conn, "acme")
        pseudonyms.give_key(conn, "acme")
    with owner.transaction() as conn:
        ddl.create_schema(conn)
        pseudonyms.give_missing_keys(conn)
    with warehouse.transaction() as conn:
        assert pseudonym(conn, "acme", "4711") == before


def test_without_the_key_the_pseudonym_cannot_be_made_again(warehouse: Warehouse, owner: Warehouse) -> None:
    with warehouse.transaction() as conn:
        register_one(conn, "gone")
        before = pseudonym(conn, "gone", "4711")
    with owner.transaction() as conn:
        conn.execute(sa.text("delete from ops.client_key where client_id = 'gone'"))
    with pytest.raises(sa.exc.DBAPIError, match="client gone has no key"), warehouse.transaction() as conn:
        pseudonym(conn, "gone", "4711")
    with owner.transaction() as conn:
        pseudonyms.give_missing_keys(conn)
    with warehouse.transaction() as conn:
        assert pseudonym(conn, "gone", "4711") not in (None, before)


@pytest.mark.parametrize("role", ["loader", "steward", "analyst", "payroll", "mart owner"])
@pytest.mark.parametrize(
    "statement",
    [
        "select * from ops.client_key",
        "update ops.client_key set made_at = now()",
        "delete from ops.client_key",
        "truncate ops.client_key",
    ],
)
def test_nobody_reads_or_changes_a_key(server_settings: Settings, database: str, role: str, statement: str) -> None:
    login = Warehouse(url_of(server_settings, database, role.replace("mart owner", "loader")))
    with pytest.raises(sa.exc.ProgrammingError) as caught, login.transaction() as conn:
        if role == "mart owner":
            conn.execute(sa.text("set local role kontor_mart_owner"))
        conn.execute(sa.text(statement))
    login.close()
    assert isinstance(caught.value.orig, psycopg.errors.InsufficientPrivilege)


@pytest.mark.parametrize("role", ["steward", "analyst", "payroll"])
def test_who_reads_marts_cannot_try_values_until_one_fits(server_settings: Settings, database: str, role: str) -> None:
    login = Warehouse(url_of(server_settings, database, role))
    with pytest.raises(sa.exc.ProgrammingError) as caught, login.transaction() as conn:
        conn.execute(PSEUDONYM, {"client": "acme", "value": "4711"})
    login.close()
    assert isinstance(caught.value.orig, psycopg.errors.InsufficientPrivilege)
