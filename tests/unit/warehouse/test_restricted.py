"""What contracts call restricted, planted in every table and searched for in all that each login may read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from pipelines.catalog import Catalog
from pipelines.contract import Contract, contract_from, read_contract
from pipelines.delivery import Scope
from pipelines.settings import ROOT, Settings
from pipelines.warehouse import ddl, roles
from pipelines.warehouse.connection import Warehouse
from tests.conftest import url_of
from tests.readable import places_of, readable
from tests.unit.warehouse.desk import register_one

PAY = "98765.43"
CELLS = '{"Salary": "98765.43"}'
KEPT = {
    "core.payroll_pay_rates.hourly_rate", "quarantine.row.cells", "quarantine.row.amounts",
    "quarantine.row_to_see.cells", "quarantine.row_to_see.amounts", "quarantine.workbook_row.cells",
    "ops.delivery_amount.received", "ops.delivery_amount.rejected", "ops.control_total.measured",
    "ops.control_total.promised",
}  # fmt: skip
"""Where the pay stands."""


@pytest.fixture(scope="module")
def contracts() -> dict[str, Contract]:
    found = map(read_contract, sorted((ROOT / "pipelines" / "contracts").glob("*/*.odcs.yaml")))
    return {c.feed: c for c in found}


@pytest.fixture(scope="module")
def pay(contracts: dict[str, Contract]) -> Contract:
    """A feed with a restricted column whose other money column is not."""
    contract = contracts["payroll.pay_rates"]
    assert contract.column("hourly_rate").classification == "restricted"
    return contract


@pytest.fixture(scope="module", autouse=True)
def planted(warehouse: Warehouse, pay: Contract) -> None:
    with warehouse.transaction() as conn:
        restricted = register_one(conn, "acme", scope=Scope("acme", pay.feed, "main"))
        public = register_one(conn, "acme", scope=Scope("acme", "ledgers.spend", "main"))
        for number, delivery, cells in ((1, restricted, CELLS), (2, public, '{"Spend": "12.34"}')):
            values = {"id": delivery.delivery_id, "cells": cells, "n": number}
            for statement in (
                "insert into quarantine.row (delivery_id, row_number, row_part, cells, amounts, row_hash) "
                "values (:id, 1, 0, cast(:cells as jsonb), cast(:cells as jsonb), 'hash')",
                "insert into quarantine.workbook (delivery_id, number, token_hash, language, path, sha256, rows) "
                "values (:id, 1, :n, 'en', '', '', 1)",
                "insert into quarantine.workbook_row select workbook_id, 3, 't', 1, cast(:cells as jsonb) "
                "from quarantine.workbook where delivery_id = :id",
            ):
                conn.execute(sa.text(statement), values)
        for delivery, column in ((restricted, "hourly_rate"), (public, "spend_amount")):
            amount = 98765.43 if delivery is restricted else 12.34
            values = {"id": delivery.delivery_id, "column": column, "amount": amount, "sum": f"sum({column})"}
            for statement in (
                "insert into ops.delivery_amount (delivery_id, column_name, currency, received, rejected) "
                "values (:id, :column, 'EUR', :amount, :amount)",
                "insert into ops.control_total values (:id, :sum, :amount, :amount, true)",
                "insert into ops.control_total values (:id, 'rows', 17, 17, true)",
            ):
                conn.execute(sa.text(statement), values)
        conn.execute(
            sa.text(
                "insert into core.payroll_pay_rates (client_id, _source, employee_id, valid_from_date, hourly_rate, "
                "_delivery_id, _row_number, _row_part, _row_hash, _known_from) "
                "values ('acme', 'main', 'E-1', '2026-01-01', 98765.43, 1, 1, 0, gen_random_uuid(), now())"
            )
        )


@pytest.fixture
def payroll_steward(owner: Warehouse) -> Iterator[Warehouse]:
    """A steward who is in kontor_payroll, too."""
    with owner.transaction() as conn:
        conn.execute(sa.text("create role t_both login password 'p' in role kontor_steward, kontor_payroll"))
    url = sa.make_url(owner.url).set(username="t_both", password="p").render_as_string(hide_password=False)
    login = Warehouse(url)
    yield login
    login.close()
    with owner.transaction() as conn:
        conn.execute(sa.text("drop role t_both"))


def login_of(server_settings: Settings, database: str, role: str) -> Warehouse:
    return Warehouse(url_of(server_settings, database, role))


def test_the_loader_has_it_everywhere(warehouse: Warehouse) -> None:
    assert places_of(warehouse, PAY) == KEPT


@pytest.mark.parametrize("role", ["steward", "analyst", "payroll"])
def test_no_other_login_finds_it_below_the_marts(server_settings: Settings, database: str, role: str) -> None:
    login = login_of(server_settings, database, role)
    assert places_of(login, PAY) == set()
    login.close()


def test_a_steward_of_payroll_finds_it(payroll_steward: Warehouse) -> None:
    assert places_of(payroll_steward, PAY) == KEPT


def test_a_steward_sees_all_the_rest(server_settings: Settings, database: str, pay: Contract) -> None:
    login = login_of(server_settings, database, "steward")
    seen = dict(readable(login))
    assert places_of(login, "12.34") == {
        "quarantine.row_to_see.cells", "quarantine.row_to_see.amounts", "ops.delivery_amount.received",
        "ops.delivery_amount.rejected", "ops.control_total.measured", "ops.control_total.promised",
    }  # fmt: skip
    assert seen["core.payroll_pay_rates.employee_id"] == "E-1"
    assert seen["ops.control_total.name"].split() == ["rows", "sum(spend_amount)"]
    assert seen["quarantine.row.row_number"] == "1"
    open_ = {c.name for c in pay.columns if c.classification != "restricted"}
    columns = {place.rpartition(".")[2] for place in seen if place.startswith("core.payroll_pay_rates.")}
    assert open_ <= columns
    assert "_row_hash" not in columns
    assert "core.ledgers_spend._row_hash" in seen
    login.close()


def test_every_restricted_column_of_every_contract_is_closed(
    server_settings: Settings, database: str, contracts: dict[str, Contract]
) -> None:
    login = login_of(server_settings, database, "steward")
    seen = {place for place, _ in readable(login)}
    login.close()
    restricted = {(c.table, x.name) for c in contracts.values() for x in c.columns if x.classification == "restricted"}
    assert len(restricted) > 10
    assert not {f"{table}.{name}" for table, name in restricted} & seen


def test_a_column_that_becomes_restricted_is_closed_by_the_next_migrate(
    server_settings: Settings, database: str, owner: Warehouse, contracts: dict[str, Contract]
) -> None:
    spend = contracts["ledgers.spend"]
    text = spend.text.replace("classification: internal", "classification: restricted")
    assert text != spend.text
    login = login_of(server_settings, database, "steward")
    try:
        for declared, is_open in ((spend, True), (_contract(spend, text), False), (spend, True)):
            with owner.transaction() as conn:
                ddl.create_schema(conn)
                ddl.migrate(conn, Catalog({declared.feed: declared}, {}, ROOT / "expectations"))
            assert ("core.ledgers_spend.spend_amount" in {place for place, _ in readable(login)}) is is_open
            assert "core.payroll_pay_rates.hourly_rate" not in {place for place, _ in readable(login)}
    finally:
        login.close()
        with owner.transaction() as conn:
            roles.know_restricted(conn, contracts.values())
            roles.grant(conn)


def _contract(like: Contract, text: str) -> Contract:
    return contract_from(like.path, text)
