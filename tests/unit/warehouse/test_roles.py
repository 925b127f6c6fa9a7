"""Each role connects and can do its work, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa

from pipelines.errors import DeclarationError
from pipelines.settings import Settings
from pipelines.warehouse import roles, server
from pipelines.warehouse.connection import Warehouse
from tests.conftest import url_of
from tests.unit.warehouse.desk import register_one

LOGINS = ("loader", "steward", "analyst", "payroll")


@pytest.fixture(scope="module")
def logins(server_settings: Settings, database: str, warehouse: Warehouse) -> Iterator[dict[str, Warehouse]]:
    """Every login on the module's database, with two clients, one mart and rows to look at."""
    opened = {role: Warehouse(url_of(server_settings, database, role)) for role in LOGINS}
    with warehouse.transaction() as conn:
        for client in ("acme", "zeta"):
            register_one(conn, client)
        conn.execute(sa.text("insert into ops.user_client values ('analyst', 'acme'), ('payroll', 'acme')"))
        conn.execute(
            sa.text(
                "insert into quarantine.reject (delivery_id, row_number, row_part, rule_id, message) "
                "values (1, 2, 0, 'r', 'm')"
            )
        )
        build_marts(conn)
    yield opened
    for each in opened.values():
        each.close()


def build_marts(conn: sa.Connection) -> None:
    """As a reporting build does: the loader takes the owner's role."""
    for statement in (
        "set local role kontor_mart_owner",
        "create table reporting.rpt_money as select client_id, 1 as amount from ops.delivery",
        "select ops.secure_mart('reporting.rpt_money')",
        "create view reporting.rpt_plain as select * from reporting.rpt_money",
        "select ops.secure_mart('reporting.rpt_plain')",
        "create view reporting.rpt_masked as select client_id, '***' as amount from reporting.rpt_money",
        "select ops.secure_mart('reporting.rpt_masked', masked => true)",
        "create table reporting.rpt_pay as select client_id, 1 as amount from ops.delivery",
        "select ops.secure_mart('reporting.rpt_pay', granted_to => 'kontor_payroll')",
        "create table reporting.rpt_unsecured as select 1 as n",
        "reset role",
    ):
        conn.execute(sa.text(statement))


def clients_in(warehouse: Warehouse, relation: str) -> set[str]:
    with warehouse.transaction() as conn:
        return set(conn.scalars(sa.text(f"select client_id from {relation}")))


@pytest.mark.parametrize("mart", ["reporting.rpt_money", "reporting.rpt_plain", "reporting.rpt_masked"])
def test_analyst_sees_his_clients_only_and_the_house_all(logins: dict[str, Warehouse], mart: str) -> None:
    assert clients_in(logins["analyst"], mart) == {"acme"}
    assert clients_in(logins["payroll"], mart) == {"acme"}
    assert clients_in(logins["steward"], mart) == {"acme", "zeta"}
    assert clients_in(logins["loader"], mart) == {"acme", "zeta"}


def test_a_restricted_mart_is_for_payroll_and_by_client_like_any(logins: dict[str, Warehouse]) -> None:
    assert clients_in(logins["payroll"], "reporting.rpt_pay") == {"acme"}
    assert clients_in(logins["loader"], "reporting.rpt_pay") == {"acme", "zeta"}


def test_analyst_without_clients_sees_nothing(logins: dict[str, Warehouse], owner: Warehouse) -> None:
    with owner.transaction() as conn:
        conn.execute(sa.text("create role nosy login in role kontor_analyst"))
        conn.execute(sa.text("set local role nosy"))
        assert conn.scalar(sa.text("select count(*) from reporting.rpt_money")) == 0
        assert conn.scalar(sa.text("select count(*) from reporting.rpt_masked")) == 0
        conn.execute(sa.text("reset role"))
        conn.execute(sa.text("revoke kontor_analyst from nosy"))
        conn.execute(sa.text("drop role nosy"))


def test_every_mart_relation_is_closed(logins: dict[str, Warehouse], owner: Warehouse) -> None:
    with owner.transaction() as conn:
        secured, forced = conn.execute(
            sa.text("select relrowsecurity, relforcerowsecurity from pg_class where relname = 'rpt_money'")
        ).one()
        options = conn.scalar(sa.text("select reloptions::text from pg_class where relname = 'rpt_plain'"))
    assert (secured, forced) == (True, True)
    assert "security_invoker=true" in options


DENIED = [
    ("analyst", "select * from core.ledgers_spend"),
    ("analyst", "select * from ops.delivery"),
    ("analyst", "select * from ops.user_client"),
    ("analyst", "select * from ops.my_client"),
    ("analyst", "select * from quarantine.row"),
    ("analyst", "select * from reporting.rpt_unsecured"),
    ("analyst", "select * from reporting.rpt_pay"),
    ("analyst", "set role kontor_payroll"),
    ("analyst", "select ops.pseudonym('acme', '1')"),
    ("steward", "select * from reporting.rpt_pay"),
    ("payroll", "select * from core.ledgers_spend"),
    ("payroll", "select * from quarantine.row"),
    ("payroll", "select * from ops.delivery"),
    ("payroll", "insert into reporting.rpt_pay values ('acme', 1)"),
    ("payroll", "set role kontor_mart_owner"),
    ("analyst", "insert into reporting.rpt_money values ('acme', 1)"),
    ("analyst", "insert into ops.user_client values ('analyst', 'zeta')"),
    ("analyst", "create table reporting.own (n int)"),
    ("analyst", "create table public.own (n int)"),
    ("analyst", "set role kontor_mart_owner"),
    ("analyst", "select ops.secure_mart('reporting.rpt_money')"),
    ("steward", "insert into core.ledgers_spend select * from core.ledgers_spend"),
    ("steward", "select * from quarantine.row"),
    ("steward", "select row_hash from quarantine.row"),
    ("steward", "select cells from quarantine.workbook_row"),
    ("steward", "insert into ops.restricted_column values ('f', 'c')"),
    ("steward", "delete from ops.restricted_column"),
    ("steward", "update ops.delivery set state = 'loaded'"),
    ("steward", "update quarantine.reject set message = 'x'"),
    ("steward", "delete from quarantine.reject"),
    ("steward", "update quarantine.decision set expires_at = now() + interval '9 years'"),
    ("steward", "delete from quarantine.decision"),
    ("steward", "set role kontor_mart_owner"),
    ("loader", "update core.ledgers_spend set spend_amount = 0"),
    ("loader", "delete from core.ledgers_spend"),
    ("loader", "truncate core.ledgers_spend"),
    ("loader", "update ops.audit set actor = 'x'"),
    ("loader", "delete from ops.audit"),
    ("loader", "truncate ops.audit"),
    ("loader", "alter table ops.audit disable trigger all"),
    ("loader", "create table core.own (n int)"),
    ("loader", "create role friend"),
]


@pytest.mark.parametrize(("role", "statement"), DENIED)
def test_denied(logins: dict[str, Warehouse], role: str, statement: str) -> None:
    with pytest.raises(sa.exc.ProgrammingError) as caught, logins[role].transaction() as conn:
        conn.execute(sa.text(statement))
    assert isinstance(caught.value.orig, psycopg.errors.InsufficientPrivilege)


ALLOWED = [
    ("steward", "select * from core.ledgers_spend"),
    ("steward", "select * from quarantine.row_to_see"),
    ("steward", "select row_number from quarantine.row"),
    ("steward", "select * from ops.rule_result"),
    (
        "steward",
        "update quarantine.reject set state = 'written_off', resolved_by = 'me', resolved_at = now(), decision_id = 1",
    ),
    (
        "steward",
        "insert into quarantine.decision (kind, client_id, feed, source, rule_id, delivery_id, row_number, row_part, "
        "reason, person, expires_at) values ('write_off', 'acme', 'f', 's', 'r', 1, 2, 0, 'gone', 'me', now())",
    ),
    (
        "steward",
        "insert into ops.approval (delivery_id, decision, hash, person, reason) values (1, 'return', '', '', '')",
    ),
    ("steward", "insert into ops.audit (actor, action) values ('me', 'look')"),
    ("loader", "update core.ledgers_spend set _known_to = now() where false"),
    ("loader", "create unlogged table work.d_0 (n int)"),
    ("loader", "select * from reporting.rpt_money"),
]


@pytest.mark.parametrize(("role", "statement"), ALLOWED)
def test_allowed(logins: dict[str, Warehouse], role: str, statement: str) -> None:
    with logins[role].transaction() as conn:
        conn.execute(sa.text(statement))


def test_mart_without_client_is_refused(logins: dict[str, Warehouse]) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="no column client_id"), logins["loader"].transaction() as conn:
        conn.execute(sa.text("set local role kontor_mart_owner"))
        conn.execute(sa.text("select ops.secure_mart('reporting.rpt_unsecured')"))


def test_owner_of_marts_may_refill_them_under_their_own_policy(logins: dict[str, Warehouse]) -> None:
    with logins["loader"].transaction() as conn:
        conn.execute(sa.text("set local role kontor_mart_owner"))
        assert conn.execute(sa.text("delete from reporting.rpt_money")).rowcount == 2
        conn.execute(sa.text("insert into reporting.rpt_money select client_id, 2 from ops.delivery"))
        assert conn.scalar(sa.text("select sum(amount) from reporting.rpt_money")) == 4


def test_url_of_each_role_connects_as_that_role(server_settings: Settings) -> None:
    for role in LOGINS:
        with psycopg.connect(server.plain(roles.role_url(server_settings, role))) as conn:
            assert conn.execute("select current_user, current_database()").fetchone() == (role, "warehouse")
    with pytest.raises(DeclarationError, match="unknown role"):
        roles.role_url(server_settings, "root")


def test_login_that_may_not_create_roles_is_told_what_to_run(owner: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roles, "GROUPS", (*roles.GROUPS, "kontor_missing"))
    with owner.transaction() as conn:
        conn.execute(sa.text("create role plain_owner"))
        conn.execute(sa.text("set local role plain_owner"))
        with pytest.raises(DeclarationError, match="create role kontor_missing nologin"):
            roles.create_roles(conn)
        conn.execute(sa.text("reset role"))
        conn.execute(sa.text("drop role plain_owner"))
