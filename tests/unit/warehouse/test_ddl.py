"""Core tables follow their contracts as far as nothing is lost, and keep their history."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from pipelines.catalog import Catalog
from pipelines.contract import Contract
from pipelines.errors import DeclarationError
from pipelines.warehouse import ddl
from pipelines.warehouse.connection import Warehouse
from tests.unit.load.conftest import CONTRACT, column

ROW = (
    "insert into core.tests_{} (client_id, _source, {} item_id, _delivery_id, _row_number, _row_part, _row_hash, "
    "_known_from) values ('c', 'main', {} 'a', 1, 2, 0, gen_random_uuid(), now())"
)


def contract(name: str, **changes: object) -> Contract:
    return replace(CONTRACT, feed=f"tests.{name}", **changes)  # type: ignore[arg-type]


def migrate(owner: Warehouse, *contracts: Contract) -> list[str]:
    with owner.transaction() as conn:
        return ddl.migrate(conn, Catalog({c.feed: c for c in contracts}, {}, Path()))


def insert(owner: Warehouse, name: str) -> None:
    with owner.transaction() as conn:
        conn.execute(sa.text(ROW.format(name, "", "")))


def with_column(name: str, **changes: object) -> tuple[object, ...]:
    return tuple(replace(c, **changes) if c.name == name else c for c in CONTRACT.columns)  # type: ignore[arg-type]


def test_schema_and_migration_run_twice_change_nothing(owner: Warehouse) -> None:
    with owner.transaction() as conn:
        ddl.create_schema(conn)
    assert migrate(owner, contract("twice")) == ["core.tests_twice created"]
    assert migrate(owner, contract("twice")) == []


def test_optional_column_and_wider_type_are_applied_to_rows_that_are_there(owner: Warehouse) -> None:
    migrate(owner, contract("wider"))
    insert(owner, "wider")
    with owner.transaction() as conn:
        conn.execute(sa.text("create view core.on_wider as select net_amount from core.tests_wider"))
    columns = (
        *with_column("net_amount", physical_type="numeric(20,4)"),
        column("note", absent_codes=("none",)),
    )
    assert migrate(owner, contract("wider", columns=columns)) == [
        "core.tests_wider.net_amount widened from numeric(18,2) to numeric(20,4)",
        "core.tests_wider.note added",
        "core.tests_wider.note_absent_code added",
    ]
    with owner.transaction() as conn:
        assert conn.scalar(sa.text("select count(*) from core.tests_wider where note is null")) == 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"columns": CONTRACT.columns[:-1]}, "column currency_code is gone"),
        ({"columns": (*CONTRACT.columns, column("must", required=True))}, "new column must is required"),
        (
            {"columns": with_column("net_amount", physical_type="numeric(18,3)")},
            "was numeric(18,2) and is numeric(18,3)",
        ),
        ({"columns": with_column("net_amount", physical_type="bigint")}, "was numeric(18,2) and is bigint"),
        ({"columns": with_column("item_name", key=True)}, "key was item_id and is item_id, item_name"),
    ],
)
def test_anything_else_is_a_new_major(owner: Warehouse, changes: dict[str, object], says: str) -> None:
    migrate(owner, contract("major"))
    insert(owner, "major")
    with pytest.raises(DeclarationError, match="new major") as caught:
        migrate(owner, contract("major", **changes))
    assert says in str(caught.value)
    with owner.transaction() as conn:
        conn.execute(sa.text("drop table core.tests_major"))


def test_table_without_rows_is_made_anew(owner: Warehouse) -> None:
    migrate(owner, contract("empty"))
    changes = migrate(owner, contract("empty", columns=CONTRACT.columns[:-1]))
    assert changes == ["core.tests_empty had no rows and was made anew: column currency_code is gone"]


@pytest.mark.parametrize(
    ("old", "new", "fits"),
    [
        ("numeric(18,2)", "numeric(18,2)", True),
        ("numeric(18,2)", "numeric(20,2)", True),
        ("numeric(18,2)", "numeric(20,4)", True),
        ("numeric(18,2)", "numeric(18,4)", False),
        ("numeric(18,2)", "numeric(17,1)", False),
        ("integer", "bigint", True),
        ("bigint", "integer", False),
        ("text", "date", False),
    ],
)
def test_which_types_are_wider(old: str, new: str, fits: bool) -> None:
    assert ddl._fits(old, new) is fits


def test_history_cannot_be_changed_not_even_by_the_owner(owner: Warehouse) -> None:
    migrate(owner, contract("history"))
    insert(owner, "history")
    refused = [
        "update core.tests_history set item_name = 'other'",
        "delete from core.tests_history",
    ]
    with owner.transaction() as conn:
        conn.execute(sa.text("update core.tests_history set _known_to = _known_from + interval '1 day'"))
    refused.append("update core.tests_history set _known_to = null")
    for statement in refused:
        with pytest.raises(sa.exc.ProgrammingError, match="append-only") as caught, owner.transaction() as conn:
            conn.execute(sa.text(statement))
        assert isinstance(caught.value.orig, psycopg.errors.InsufficientPrivilege)
    with owner.transaction() as conn:
        conn.execute(sa.text("set local kontor.erasure = 'on'"))
        assert conn.execute(sa.text("delete from core.tests_history")).rowcount == 1


def test_index_of_an_earlier_installation_is_made_small_once(owner: Warehouse) -> None:
    migrate(owner, contract("older"))
    insert(owner, "older")
    old = "create index tests_older_delivery on core.tests_older (client_id, _delivery_id)"
    kinds = sa.text(
        "select c.relname, a.amname from pg_index i join pg_class c on c.oid = i.indexrelid "
        "join pg_am a on a.oid = c.relam where i.indrelid = 'core.tests_older'::regclass"
    )
    with owner.transaction() as conn:
        conn.execute(sa.text("drop index core.tests_older_versions"))
        conn.execute(sa.text(old))
    assert migrate(owner, contract("older")) == ["core.tests_older: index of its versions made small"]
    assert migrate(owner, contract("older")) == []
    with owner.transaction() as conn:
        assert set(conn.execute(kinds).tuples()) == {("tests_older_current", "btree"), ("tests_older_versions", "brin")}
        conn.execute(sa.text("set local enable_seqscan = off"))
        assert conn.scalar(sa.text("select item_id from core.tests_older where _delivery_id = 1")) == "a"


def test_feeds_reported_by_month_have_a_small_index_of_their_months(owner: Warehouse) -> None:
    """Also a table of an earlier installation, and one whose contract names another date or none any more."""
    dated = "select array[pg_get_indexdef(i, 1, true), pg_get_indexdef(i, 2, true)] from to_regclass(:index) as i"
    columns = (*CONTRACT.columns, column("paid_date", "date", "date"), column("sent_date", "date", "date"))
    both = "COALESCE(paid_date, sent_date)"

    def indexed(name: str) -> list[str] | None:
        with owner.transaction() as conn:
            found: list[str] | None = conn.scalar(sa.text(dated), {"index": f"core.tests_{name}_months"})
            return found if found and found[0] else None

    assert migrate(owner, contract("dated", dated_by=("sold_date",))) == ["core.tests_dated created"]
    assert indexed("dated") == ["client_id", "sold_date"]
    migrate(owner, contract("later", columns=columns))
    insert(owner, "later")
    for dates, said in (
        (("sold_date",), "by sold_date"), (("paid_date",), "by paid_date"), (("paid_date", "sent_date"), f"by {both}"),
        ((), "dropped"),
    ):  # fmt: skip
        now = contract("later", columns=columns, dated_by=dates)
        assert migrate(owner, now) == [f"core.tests_later: index of its months {said}"]
        assert migrate(owner, now) == []
        assert indexed("later") == (["client_id", now.day] if dates else None)


def test_one_current_row_per_key_of_a_scope(owner: Warehouse) -> None:
    migrate(owner, contract("unique"))
    insert(owner, "unique")
    with pytest.raises(sa.exc.IntegrityError, match="tests_unique_current"):
        insert(owner, "unique")
    with owner.transaction() as conn:
        conn.execute(sa.text(ROW.format("unique", "_period,", "'2026-01',")))
