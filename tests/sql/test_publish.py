"""The swap from the side schema: rights, readers and objects on the marts survive it, or nothing changes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipelines.errors import AlreadyRunning, DeclarationError, TransientError
from pipelines.reporting.project import PROJECT, granted
from pipelines.reporting.publish import become_owner, close_restricted, make_side_schema, publish, shapes_of
from pipelines.reporting.run import _LOCK, build
from pipelines.settings import Settings
from pipelines.warehouse.connection import Warehouse

MARTS = ("rpt_a", "rpt_b")
COLUMNS = "client_id text, amount numeric(18,2)"


@pytest.fixture(autouse=True)
def empty(owner: Warehouse) -> None:
    with owner.transaction() as conn:
        conn.execute(sa.text("drop schema reporting cascade"))
        conn.execute(sa.text("create schema reporting"))
        conn.execute(sa.text("grant usage, create on schema reporting to kontor_mart_owner"))
        conn.execute(sa.text("grant usage on schema reporting to kontor_loader"))
        conn.execute(sa.text("insert into ops.client values ('a', 'A') on conflict do nothing"))


def publish_tables(
    warehouse: Warehouse,
    amount: int,
    columns: str = COLUMNS,
    marts: tuple[str, ...] = MARTS,
    granted_to: dict[str, str] | None = None,
) -> None:
    with warehouse.transaction() as conn:
        make_side_schema(conn)
        for mart in marts:
            conn.execute(sa.text(f"create table reporting_next.{mart} ({columns})"))
            conn.execute(sa.text(f"comment on column reporting_next.{mart}.client_id is 'of build {amount}'"))
            # 'gone' is a client that left: no policy shows it to anybody but the owner of the marts
            values = f"insert into reporting_next.{mart} (client_id, amount) values ('a', {amount}), ('gone', {amount})"
            conn.execute(sa.text(values))
        publish(conn, marts, granted_to=granted_to)


def amounts(warehouse: Warehouse, table: str = "reporting.rpt_a") -> list[tuple[str, int]]:
    """All rows, as the owner of the marts sees them."""
    with warehouse.transaction() as conn:
        become_owner(conn)
        return sorted((c, int(n)) for c, n in conn.execute(sa.text(f"select client_id, amount from {table}")).tuples())


def oid(warehouse: Warehouse, table: str = "reporting.rpt_a") -> int:
    with warehouse.engine.connect() as conn:
        return int(conn.scalars(sa.text(f"select '{table}'::regclass::oid::bigint")).one())


def is_closed(warehouse: Warehouse) -> bool:
    with warehouse.engine.connect() as conn:
        query = "select relrowsecurity and relforcerowsecurity from pg_class where oid = 'reporting.rpt_a'::regclass"
        closed = conn.scalars(sa.text(query)).one()
        shown = conn.scalars(sa.text("select client_id from reporting.rpt_a")).all()
    return bool(closed) and shown == ["a"]


def test_an_equal_mart_is_refilled_in_place(warehouse: Warehouse, owner: Warehouse) -> None:
    publish_tables(warehouse, 1)
    before = oid(warehouse)
    with owner.transaction() as conn:
        conn.execute(sa.text("create view public.built_on_it as select * from reporting.rpt_a"))
    publish_tables(warehouse, 2)
    assert oid(warehouse) == before
    assert amounts(warehouse) == [("a", 2), ("gone", 2)]
    assert is_closed(warehouse)
    with owner.transaction() as conn:
        comment = conn.scalar(sa.text("select col_description('reporting.rpt_a'::regclass, 1)"))
        conn.execute(sa.text("drop view public.built_on_it"))
    assert comment == "of build 2"


def test_readers_see_the_old_rows_until_all_marts_are_there(warehouse: Warehouse) -> None:
    publish_tables(warehouse, 1)
    with warehouse.transaction() as conn:
        make_side_schema(conn)
        for mart in MARTS:
            conn.execute(sa.text(f"create table reporting_next.{mart} ({COLUMNS})"))
        with warehouse.engine.connect() as reader:
            reader.execute(sa.text("set lock_timeout = '2s'"))
            publish(conn, MARTS)
            for mart in MARTS:
                assert reader.scalar(sa.text(f"select amount from reporting.{mart}")) == 1
    assert amounts(warehouse) == []


def test_a_mart_whose_row_level_security_was_lost_is_closed_again(warehouse: Warehouse, owner: Warehouse) -> None:
    publish_tables(warehouse, 1)
    for damage in (
        "alter table reporting.rpt_a no force row level security",
        "alter table reporting.rpt_a disable row level security",
        "drop policy own_clients on reporting.rpt_a",
        "create policy open_to_all on reporting.rpt_a using (true)",
    ):
        with owner.transaction() as conn:
            conn.execute(sa.text(damage))
        publish_tables(warehouse, 2)
        assert is_closed(warehouse), damage
    with owner.transaction() as conn:
        conn.execute(sa.text("grant select on reporting.rpt_a to public"))
    publish_tables(warehouse, 3)
    with owner.engine.connect() as conn:
        assert (
            "=r/" not in str(conn.scalar(sa.text("select relacl from pg_class where relname = 'rpt_a'"))).split(",")[0]
        )


def shape_of(warehouse: Warehouse) -> str:
    with warehouse.engine.connect() as conn:
        return shapes_of(conn, ["rpt_a"])["rpt_a"]


def readers(warehouse: Warehouse, mart: str = "rpt_a") -> set[str]:
    query = (
        "select grantee::regrole::text from pg_class, aclexplode(relacl) "
        "where oid = cast(:mart as regclass) and grantee <> relowner"
    )
    with warehouse.engine.connect() as conn:
        return set(conn.scalars(sa.text(query), {"mart": f"reporting.{mart}"}))


def test_a_mart_that_becomes_restricted_is_replaced_and_read_by_its_group_only(warehouse: Warehouse) -> None:
    everybody = {"kontor_loader", "kontor_analyst", "kontor_steward"}
    publish_tables(warehouse, 1)
    shape, before = shape_of(warehouse), oid(warehouse)
    assert readers(warehouse) == everybody
    publish_tables(warehouse, 2, granted_to={"rpt_a": "kontor_payroll"})
    assert readers(warehouse) == {"kontor_loader", "kontor_payroll"}
    assert readers(warehouse, "rpt_b") == everybody
    assert oid(warehouse) != before
    assert shape_of(warehouse) != shape
    assert is_closed(warehouse)
    publish_tables(warehouse, 3)
    assert readers(warehouse) == everybody


def test_migrating_takes_a_mart_that_became_restricted_from_its_readers(
    warehouse: Warehouse, owner: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_tables(warehouse, 1)
    monkeypatch.setattr(
        "pipelines.reporting.publish.granted", lambda: {"rpt_a": "kontor_payroll", "rpt_new": "kontor_payroll"}
    )
    with owner.transaction() as conn:
        assert close_restricted(conn) == ["reporting.rpt_a may be read by kontor_payroll only"]
        assert close_restricted(conn) == []
    assert readers(warehouse) == {"kontor_loader", "kontor_payroll"}
    assert "kontor_analyst" in readers(warehouse, "rpt_b")


def test_a_group_that_is_not_known_is_a_declaration_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "models" / "marts" / "payroll"
    folder.mkdir(parents=True)
    monkeypatch.setattr("pipelines.reporting.project.PROJECT", tmp_path)
    yaml = "models: [{{name: rpt_pay, config: {{meta: {{granted_to: {}}}}}}}, {{name: rpt_open}}]"
    try:
        (folder / "_payroll.yml").write_text(yaml.format("payroll"))
        granted.cache_clear()
        assert granted() == {"rpt_pay": "kontor_payroll"}
        (folder / "_payroll.yml").write_text(yaml.format("everybody"))
        granted.cache_clear()
        with pytest.raises(DeclarationError, match=r"rpt_pay.*everybody"):
            granted()
    finally:
        granted.cache_clear()


def test_a_mart_with_other_columns_is_replaced(warehouse: Warehouse) -> None:
    publish_tables(warehouse, 1)
    before = oid(warehouse)
    publish_tables(warehouse, 2, columns="client_id text, amount numeric(20,2), added text")
    assert oid(warehouse) != before
    assert amounts(warehouse) == [("a", 2), ("gone", 2)]
    assert is_closed(warehouse)


def rows_without_a(warehouse: Warehouse, amount: int, columns: str = COLUMNS) -> dict[str, list[str]]:
    """Publish marts of both clients without client a."""
    with warehouse.transaction() as conn:
        make_side_schema(conn)
        for mart in MARTS:
            conn.execute(sa.text(f"create table reporting_next.{mart} ({columns})"))
            values = f"('a', {amount}), ('gone', {amount})"
            conn.execute(sa.text(f"insert into reporting_next.{mart} (client_id, amount) values {values}"))
        return publish(conn, MARTS, without=["a"])


def test_a_client_left_out_keeps_its_rows_and_what_was_made_stays(warehouse: Warehouse) -> None:
    publish_tables(warehouse, 1)
    before = oid(warehouse)
    assert rows_without_a(warehouse, 2) == {}
    assert (amounts(warehouse), oid(warehouse)) == ([("a", 1), ("gone", 2)], before)
    assert amounts(warehouse, "reporting_next.rpt_a") == [("a", 2), ("gone", 2)]
    publish_tables(warehouse, 3)
    assert amounts(warehouse) == [("a", 3), ("gone", 3)]


def test_a_client_left_out_of_the_first_build_has_no_rows(warehouse: Warehouse) -> None:
    assert rows_without_a(warehouse, 1) == {mart: ["a"] for mart in MARTS}
    assert amounts(warehouse) == [("gone", 1)]
    before = oid(warehouse)
    publish_tables(warehouse, 2)
    assert (amounts(warehouse), oid(warehouse)) == ([("a", 2), ("gone", 2)], before), "its shape is that of any other"
    assert is_closed(warehouse)


def test_a_client_left_out_is_carried_to_another_table_of_the_same_columns(
    warehouse: Warehouse, owner: Warehouse
) -> None:
    publish_tables(warehouse, 1)
    with owner.transaction() as conn:
        conn.execute(sa.text("drop policy own_clients on reporting.rpt_a"))
    assert rows_without_a(warehouse, 2) == {}
    assert amounts(warehouse) == [("a", 1), ("gone", 2)]
    assert is_closed(warehouse)


def test_a_client_left_out_has_no_rows_in_a_mart_of_other_columns(warehouse: Warehouse) -> None:
    publish_tables(warehouse, 1)
    columns = "client_id text, amount numeric(18,2), added text"
    assert rows_without_a(warehouse, 2, columns) == {mart: ["a"] for mart in MARTS}
    assert amounts(warehouse) == [("gone", 2)]
    with warehouse.engine.connect() as conn:
        closed = "select relrowsecurity and relforcerowsecurity from pg_class where oid = 'reporting.rpt_a'::regclass"
        assert conn.scalar(sa.text(closed))


def test_objects_on_a_mart_with_other_columns_are_named_and_nothing_changes(
    warehouse: Warehouse, owner: Warehouse
) -> None:
    publish_tables(warehouse, 1)
    with owner.transaction() as conn:
        conn.execute(sa.text("create view public.built_on_it as select * from reporting.rpt_b"))
    with pytest.raises(DeclarationError, match=r"reporting\.rpt_b.*built_on_it"):
        publish_tables(warehouse, 2, columns="client_id text, amount numeric(20,2)")
    assert amounts(warehouse) == [("a", 1), ("gone", 1)]
    with owner.transaction() as conn:
        conn.execute(sa.text("drop view public.built_on_it"))


def test_a_mart_that_no_model_makes_any_more_is_dropped(warehouse: Warehouse, owner: Warehouse) -> None:
    publish_tables(warehouse, 1)
    with owner.transaction() as conn:
        conn.execute(sa.text("create table reporting.somebody_elses (n int)"))
    publish_tables(warehouse, 2, marts=("rpt_a",))
    with owner.engine.connect() as conn:
        left = conn.scalars(sa.text("select tablename from pg_tables where schemaname = 'reporting'")).all()
    assert sorted(left) == ["rpt_a", "somebody_elses"]


def test_a_mart_without_client_is_not_published(warehouse: Warehouse) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="no column client_id"), warehouse.transaction() as conn:
        make_side_schema(conn)
        conn.execute(sa.text("create table reporting_next.rpt_a (amount numeric)"))
        publish(conn, ("rpt_a",))


def test_a_reader_who_holds_a_mart_makes_the_swap_try_again_later(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.reporting.publish.LOCK_TIMEOUT", "100ms")
    publish_tables(warehouse, 1)
    with warehouse.engine.connect() as reader:
        reader.execute(sa.text("select * from reporting.rpt_a"))
        with pytest.raises(TransientError):
            publish_tables(warehouse, 2, columns="client_id text, amount numeric(20,2)")
        reader.rollback()
    assert amounts(warehouse) == [("a", 1), ("gone", 1)]


def test_two_builds_do_not_run_at_once(warehouse: Warehouse, tmp_path: Path) -> None:
    with warehouse.engine.connect() as other:
        other.execute(sa.text(f"select pg_advisory_lock({_LOCK})"))
        with pytest.raises(AlreadyRunning, match="build of the reporting layer"):
            build(Settings(tmp_path, tmp_path, (), None), warehouse.url)
        other.execute(sa.text("select pg_advisory_unlock_all()"))


def test_a_login_that_may_not_build_is_told_what_is_missing(owner: Warehouse, tmp_path: Path) -> None:
    with owner.transaction() as conn:
        conn.execute(sa.text("create role t_reader login password 'p' in role kontor_analyst"))
    try:
        url = sa.make_url(owner.url).set(username="t_reader", password="p").render_as_string(hide_password=False)
        with pytest.raises(DeclarationError, match="grant kontor_mart_owner"):
            build(Settings(tmp_path, tmp_path, (), None), url)
    finally:
        with owner.transaction() as conn:
            conn.execute(sa.text("drop role t_reader"))


def test_a_project_that_dbt_cannot_read_is_a_declaration_error(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "sql"
    shutil.copytree(PROJECT, project)
    (project / "models" / "marts" / "ledgers" / "rpt_new.sql").write_text("select * from {{ ref('nothing') }}")
    monkeypatch.setattr("pipelines.reporting.project.PROJECT", project)
    publish_tables(warehouse, 1)
    with pytest.raises(DeclarationError, match=r"rpt_new.*nothing"):
        build(Settings(tmp_path, tmp_path, (), None), warehouse.url)
    assert amounts(warehouse) == [("a", 1), ("gone", 1)]
