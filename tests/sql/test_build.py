"""The reporting layer on a real server: figures, cut-off, who sees what, and what a failing test leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import jinja2
import pytest
import sqlalchemy as sa

from pipelines.contract import Contract
from pipelines.reporting.marts import preview
from pipelines.reporting.project import GROUPS, MARTS, PROJECT, _invoke, granted, load_project
from pipelines.reporting.publish import become_owner
from pipelines.reporting.run import _CUT_OFF, BuildResult, build
from pipelines.settings import Settings
from pipelines.warehouse.connection import Warehouse
from tests.sql import (
    figures_clients,
    figures_fulfilment,
    figures_inventory,
    figures_payroll,
    figures_people,
    figures_purchasing,
    figures_subledgers,
    rows_payroll,
    rows_purchasing,
)
from tests.sql.rows import CUT_OFF, SECRET_DATE, SECRET_NUMBER, delivery, fill, insert, secret
from tests.sql.rows_clients import fill_clients
from tests.sql.rows_fulfilment import fill_fulfilment
from tests.sql.rows_inventory import fill_inventory
from tests.sql.rows_payroll import fill_payroll
from tests.sql.rows_people import fill_people
from tests.sql.rows_purchasing import fill_purchasing
from tests.sql.rows_subledgers import fill_subledgers
from tests.sql.tampered import TAMPER

AT = datetime.fromisoformat(CUT_OFF)
IDENTITIES = {p.stem for p in (PROJECT / "tests").glob("*.sql")}
ALL_CLIENTS = {"north", "south", *rows_payroll.CLIENTS, *rows_purchasing.CLIENTS}
IN_CLEAR = {mart for mart, group in granted().items() if group == "kontor_client_data"}
Rows = list[dict[str, Any]]


class Built(NamedTuple):
    result: BuildResult
    marts: dict[str, Rows]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("home")
    return Settings(folder, folder / "landing", (), None)


@pytest.fixture(scope="module")
def first(warehouse: Warehouse, home: Settings, contracts: dict[str, Contract]) -> Built:
    with warehouse.transaction() as conn:
        fill(conn, contracts)
        fill_clients(conn, contracts)
        fill_subledgers(conn, contracts)
        fill_fulfilment(conn)
        fill_inventory(conn)
        fill_payroll(conn)
        fill_people(conn, contracts)
        fill_purchasing(conn)
    return build_and_read(warehouse, home, AT, unit_tests=True)


@pytest.fixture(scope="module")
def later(first: Built, warehouse: Warehouse, home: Settings) -> Built:
    return build_and_read(warehouse, home)


@pytest.fixture(scope="module")
def again(later: Built, warehouse: Warehouse, home: Settings) -> Built:
    return build_and_read(warehouse, home, AT)


@pytest.fixture(scope="module")
def broken(again: Built, warehouse: Warehouse, home: Settings) -> Built:
    with warehouse.transaction() as conn:
        insert(conn, "ops.delivery", [delivery("north", "ledgers.spend", rows_received=3, rows_loaded=2)])
    return build_and_read(warehouse, home)


def build_and_read(warehouse: Warehouse, home: Settings, at: datetime | None = None, **options: bool) -> Built:
    result = build(home, warehouse.url, at, **options)
    return Built(result, {mart: rows_of(warehouse.engine, mart) for mart in MARTS})


def rows_of(engine: sa.Engine, mart: str) -> Rows:
    with engine.connect() as conn:
        found = conn.execute(sa.text(f"select * from reporting.{mart}")).mappings()
        return sorted((dict(r) for r in found), key=str)


def pick(rows: Rows, names: str, **equal: Any) -> list[tuple[Any, ...]]:
    return [tuple(r[n] for n in names.split()) for r in rows if all(r[k] == v for k, v in equal.items())]


# figures --------------------------------------------------------------------------------------------------


def test_all_models_and_tests_succeed(first: Built) -> None:
    assert first.result.ok, first.result.message
    assert first.result.failed == ()
    assert {m.name for m in first.result.models} >= set(MARTS)
    assert all(rows for rows in first.marts.values())


def test_every_mart_shows_client_and_cut_off(first: Built) -> None:
    for rows in first.marts.values():
        assert {r["client_id"] for r in rows} <= ALL_CLIENTS
        assert {r["known_at"] for r in rows} == {AT}


@pytest.mark.parametrize("check", figures_clients.CHECKS)
def test_figures_of_customers(check: Callable[[dict[str, Rows]], None], first: Built) -> None:
    check(first.marts)


def test_supplier_spend(first: Built) -> None:
    names = "supplier_key supplier_name currency_code spend_amount lines documents spellings"
    assert sorted(pick(first.marts["rpt_supplier_spend"], names, client_id="north")) == [
        ("other", "Other AG", "EUR", Decimal("1.00"), 1, 1, 1),
        ("sample print", "SAMPLE PRINT", "EUR", Decimal("99.90"), 2, 2, 2),
        ("sample print", "SAMPLE PRINT", "USD", Decimal("7.00"), 1, 1, 1),
    ]


def test_ageing_as_of_the_clients_own_date(first: Built) -> None:
    names = "as_of_date not_due_amount days_1_30_amount days_31_60_amount over_90_days_amount open_amount open_invoices"
    ageing = first.marts["rpt_payables_ageing"]
    (north,) = pick(ageing, names, client_id="north", is_today=True)
    assert str(north[0]) == "2026-07-01"
    assert north[1:] == (*map(Decimal, ("100.00", "45.10", "0", "25.05", "170.15")), 4)
    (south,) = pick(ageing, names, client_id="south", is_today=True)
    assert str(south[0]) == "2026-06-30"
    assert south[1:] == (*map(Decimal, ("50.10", "0", "0", "0", "50.10")), 1)


@pytest.mark.parametrize("check", figures_subledgers.CHECKS)
def test_figures_of_the_sub_ledgers(check: Callable[[dict[str, Rows]], None], first: Built) -> None:
    check(first.marts)


@pytest.mark.parametrize("check", figures_fulfilment.CHECKS)
def test_figures_of_fulfilment(check: Callable[[dict[str, Rows]], None], first: Built) -> None:
    check(first.marts)


@pytest.mark.parametrize("check", figures_inventory.CHECKS)
def test_figures_of_stock(check: Callable[[dict[str, Rows]], None], first: Built) -> None:
    check(first.marts)


@pytest.mark.parametrize("check", figures_payroll.CHECKS)
def test_figures_of_payroll(check: Callable[[dict[str, Rows]], None], first: Built) -> None:
    check(first.marts)


def test_general_ledger_lines_in_their_periods(first: Built) -> None:
    names = "entity_code line_id amount currency_code group_amount fiscal_year period_number period_code"
    lines = first.marts["fct_gl_lines"]
    assert sorted(pick(lines, names, client_id="north", journal_id="J-1")) == [
        ("DE", "1", Decimal("5.00"), "EUR", None, 2026, 12, "P12"),
        ("DE", "2", Decimal("-5.00"), "EUR", None, 2026, 13, "P13"),
        ("UK", "1", Decimal("95.05"), "GBP", Decimal("110.10"), 2026, 12, "2026-03"),
        ("UK", "2", Decimal("-95.05"), "GBP", Decimal("-110.10"), 2026, 12, "2026-03"),
    ]
    assert sorted(pick(lines, "fiscal_year period_number period_code", client_id="south")) == [(2026, 3, "2026-03")] * 2


def test_statements_of_two_fiscal_years(first: Built) -> None:
    """The company of a year that starts in April: an opening entry, a result carried forward, costs of a Sunday."""
    march: dict[str, Any] = {"client_id": "north", "entity_code": "UK", "period_code": "2026-03"}
    sheet = pick(first.marts["rpt_balance_sheet"], "account_id is_computed amount check_amount", **march)
    zero = Decimal(0)
    assert sorted(sheet) == [
        ("1000", False, Decimal("225.05"), zero), ("1500", False, Decimal("30.00"), zero),
        ("3000", False, Decimal("100.00"), zero), ("3100", True, Decimal("50.00"), zero),
        ("current_year_earnings", True, Decimal("105.05"), zero),
    ]  # fmt: skip
    result = pick(first.marts["rpt_profit_and_loss"], "account_id amount prior_year_to_date_amount", **march)
    assert sorted(result) == [
        ("4000", Decimal("95.05"), Decimal("50.00")), ("4800", Decimal("30.00"), zero),
        ("6000", Decimal("-20.00"), zero),
    ]  # fmt: skip
    names = "section_code line_code amount opening_cash_amount closing_cash_amount check_amount"
    first_period = pick(first.marts["rpt_cash_flow_statement"], names, **{**march, "period_code": "2025-03"})
    cash = (Decimal("100.00"), Decimal("150.00"), zero)
    assert first_period == [("operating", "result", Decimal("50.00"), *cash)]
    names = "account_id cost_center_id budget_amount actual_amount is_favourable"
    assert sorted(pick(first.marts["rpt_budget_vs_actual"], names, client_id="north")) == [
        ("4000", "-", zero, Decimal("95.05"), True), ("4800", "-", zero, Decimal("30.00"), True),
        ("6000", "C-1", Decimal("25.00"), Decimal("20.00"), True),
    ]  # fmt: skip


def test_group_of_two_companies(first: Built) -> None:
    """IAS 21 by hand: 30 pounds are 34.80 euros at the closing rate and 34.50 at the average rate of March."""
    march: dict[str, Any] = {"client_id": "north", "group_month": date(2026, 3, 1)}
    names = "receivable_amount payable_amount revenue_amount expense_amount balance_difference_amount"
    (pair,) = pick(first.marts["rpt_intercompany"], names, **march, entity_code="UK")
    assert pair == tuple(map(Decimal, ("34.80", "0.00", "34.50", "0.00", "34.80")))
    (pair,) = pick(
        first.marts["rpt_intercompany"], names, **{**march, "group_month": date(2026, 5, 1)}, entity_code="UK"
    )
    assert pair == tuple(map(Decimal, ("34.80", "34.50", "0.00", "34.50", "0.30")))
    group = first.marts["rpt_group_statements"]
    assert {r["check_amount"] for r in group if r["group_month"] == date(2026, 3, 1)} == {Decimal(0)}
    lines = pick(group, "account_class_code amount", **march, entity_code="UK", statement_code="balance_sheet")
    expected = {"cash": "261.06", "intercompany_receivable": "34.80", "share_capital": "119.00"}
    assert {k: v for k, v in lines if k in expected} == {k: Decimal(v) for k, v in expected.items()}


def test_journals_with_their_reasons(first: Built) -> None:
    risk = first.marts["rpt_journal_risk"]
    assert pick(risk, "reasons score", client_id="north", journal_id="K-3") == [("back-dated, manual", 3)]
    late = pick(
        first.marts["rpt_close_status"], "period_code lines days_late status_code", client_id="north", entity_code="DE"
    )
    assert sorted(late) == [("P12", 3, None, "open"), ("P13", 1, None, "open")]


def test_pay_rate_register(first: Built) -> None:
    rates = first.marts["rpt_pay_rate_register"]
    found = [tuple(map(str, r)) for r in pick(rates, "valid_from_date valid_to_date hourly_rate", client_id="north")]
    assert found == [("2025-10-01", "2026-06-30", "20.0000"), ("2026-07-01", "None", "20.5000")]
    assert pick(rates, "is_current change_pct", client_id="north") == [(False, None), (True, Decimal("2.50"))]
    assert pick(rates, "is_current", client_id="south") == [(False,)]


@pytest.mark.parametrize("check", figures_people.CHECKS)
def test_figures_of_people(check: Callable[[dict[str, Rows]], None], first: Built) -> None:
    check(first.marts)


@pytest.mark.parametrize("check", figures_purchasing.CHECKS)
def test_figures_of_purchasing_and_freight(check: Callable[[dict[str, Rows]], None], first: Built) -> None:
    check(first.marts)


def test_shipments_on_time(first: Built) -> None:
    names = "transport_mode_code lines on_time_lines late_lines on_time_pct mean_days_late line_amount"
    assert sorted(pick(first.marts["rpt_shipment_on_time"], names, client_id="north")) == [
        ("air", 2, 1, 1, Decimal("50.00"), Decimal("4.0"), Decimal("30.30")),
        ("not_stated", 1, 0, 1, Decimal("0.00"), Decimal("4.0"), Decimal("0.00")),
    ]


def test_deliveries_with_accounting_and_top_rule(first: Built) -> None:
    names = "delivery_id state rows_received rows_rejected rejected_pct top_rule_id seconds is_in_marts"
    assert sorted(pick(first.marts["dq_delivery"], names)) == [
        (1, "loaded", 4, None, None, None, None, True),
        (2, "loaded", 5, 1, Decimal("20.00"), "ledgers.payables.required.due_date", Decimal("2.0"), True),
        (3, "held", 3, None, None, None, None, True),
        (4, "failed", 9, None, None, None, None, False),
        (5, "duplicate", None, None, None, None, None, False),
        (6, "withdrawn", 1, None, None, None, None, True),
    ]
    assert pick(first.marts["dq_reject_rule"], "rule_id rows first_message", rule_id="x.y.z") == [
        ("x.y.z", 1, "no number")
    ]
    assert sorted(pick(first.marts["dq_open_reject"], "rule_id rows cause_code owner age_days age_band")) == [
        ("ledgers.payables.required.due_date", 1, "missing", "client", 29, "8 to 30 days"),
        ("x.y.z", 1, "missing", "client", 29, "8 to 30 days"),
    ]


def test_feeds_in_time(first: Built) -> None:
    names = "client_id due_month due_deliveries in_time_deliveries late_deliveries missing_deliveries most_hours_late"
    found = pick(first.marts["rpt_feed_timeliness"], names)
    assert sorted(str(row[1]) for row in found) == ["2026-06-01", "2026-06-01"]
    assert sorted((row[0], *row[2:]) for row in found) == [
        ("north", 2, 1, 0, 1, None),
        ("south", 1, 0, 1, 0, Decimal("10.5")),
    ]


def test_cut_off_is_utc(first: Built) -> None:
    assert first.result.cut_off == AT
    assert first.result.cut_off.tzinfo is UTC


def test_build_is_recorded(first: Built, warehouse: Warehouse) -> None:
    query = sa.text("select model, status, rows from ops.model_run where build_id = :id and cut_off = :at")
    with warehouse.engine.connect() as conn:
        recorded = {m: (s, n) for m, s, n in conn.execute(query, {"id": first.result.build_id, "at": AT})}
    assert set(recorded) >= set(MARTS)
    assert recorded["rpt_customer_master"] == ("success", 3)


# cut-off --------------------------------------------------------------------------------------------------


def test_a_later_build_knows_more(later: Built) -> None:
    assert later.result.ok, later.result.message
    new = {"golden_id": "new/main/C-9"}
    assert pick(later.marts["rpt_customer_master"], "company_name", **new) == [("Later Ltd",)]
    assert pick(later.marts["fct_open_payables"], "invoice_id", invoice_id="INV-2", client_id="north") == []


def test_the_same_cut_off_gives_the_same_marts_whatever_came_since(first: Built, again: Built) -> None:
    assert again.result.ok, again.result.message
    assert again.marts == first.marts


def test_cut_off_lies_before_a_load_that_is_still_running(later: Built, warehouse: Warehouse) -> None:
    with warehouse.engine.connect() as loading, warehouse.engine.connect() as building:
        begun = loading.scalar(sa.text("select now()"))
        assert building.scalar(sa.text(_CUT_OFF)) > begun  # a reader is no load
        loading.execute(sa.text("update core.ledgers_spend set _known_to = now() where spend_line_id = 'none'"))
        assert building.scalar(sa.text(_CUT_OFF)) < begun
        loading.rollback()
        assert building.scalar(sa.text(_CUT_OFF)) > begun
        begun = loading.scalar(sa.text("select now()"))
        loading.execute(sa.text("select pg_advisory_xact_lock(hashtextextended('ops.audit', 0))"))
        assert building.scalar(sa.text(_CUT_OFF)) > begun  # a step that writes to the audit log is no load
        loading.execute(sa.text("select pg_advisory_xact_lock(-7)"))
        assert building.scalar(sa.text(_CUT_OFF)) < begun  # but one that holds its scope is
        loading.rollback()


# who sees what ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def analysts(owner: Warehouse, again: Built) -> Iterator[dict[str, sa.Engine]]:
    names = ("t_north", "t_south", "t_nobody")
    roles = ", ".join(("kontor_analyst", *GROUPS.values()))
    with owner.transaction() as conn:
        for name in names:
            conn.execute(sa.text(f"drop role if exists {name}"))
            conn.execute(sa.text(f"create role {name} login password 'p' in role {roles}"))
    engines = {n: sa.create_engine(sa.make_url(owner.url).set(username=n, password="p")) for n in names}
    yield engines
    for engine in engines.values():
        engine.dispose()
    with owner.transaction() as conn:
        for name in names:
            conn.execute(sa.text(f"drop role {name}"))


def test_analysts_see_their_own_clients_only(analysts: dict[str, sa.Engine], again: Built) -> None:
    for mart in MARTS:
        everything = again.marts[mart]
        for client in ("north", "south"):
            own = [r for r in everything if r["client_id"] == client]
            assert rows_of(analysts[f"t_{client}"], mart) == own, mart
        assert rows_of(analysts["t_nobody"], mart) == []
    assert {r["client_id"] for rows in again.marts.values() for r in rows} == ALL_CLIENTS


@pytest.mark.parametrize("group", GROUPS.values())
def test_restricted_marts_are_for_their_group_only(
    group: str, analysts: dict[str, sa.Engine], owner: Warehouse, again: Built
) -> None:
    assert any(again.marts[mart] for mart in granted() if granted()[mart] == group)
    with owner.transaction() as conn:
        conn.execute(sa.text(f"revoke {group} from t_north"))
    try:
        for mart in MARTS:
            if granted().get(mart) != group:
                rows_of(analysts["t_north"], mart)
                continue
            with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
                rows_of(analysts["t_north"], mart)
    finally:
        with owner.transaction() as conn:
            conn.execute(sa.text(f"grant {group} to t_north"))


def test_every_relation_in_reporting_is_closed(again: Built, owner: Warehouse) -> None:
    query = sa.text(
        "select relname, relrowsecurity and relforcerowsecurity from pg_class "
        "where relnamespace = 'reporting'::regnamespace and relkind <> 'i'"
    )
    with owner.engine.connect() as conn:
        assert sorted(conn.execute(query).tuples()) == sorted((m, True) for m in MARTS)


@pytest.mark.parametrize(
    "table", ["core.clients_customers", "ops.delivery", "ops.my_client", "quarantine.reject", "work.x"]
)
def test_analysts_read_nothing_else(table: str, analysts: dict[str, sa.Engine]) -> None:
    with analysts["t_north"].connect() as conn, pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        conn.execute(sa.text(f"select * from {table}"))


def test_analysts_write_nothing(analysts: dict[str, sa.Engine]) -> None:
    for statement in ("delete from reporting.rpt_headcount", "create table reporting.mine (n int)"):
        with analysts["t_north"].connect() as conn, pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            conn.execute(sa.text(statement))


def test_no_personal_value_is_shown(first: Built, contracts: dict[str, Contract]) -> None:
    shown = {mart: str(rows) for mart, rows in first.marts.items() if mart not in IN_CLEAR}
    assert all("Zqemail" in str(first.marts[mart]) for mart in IN_CLEAR)
    hidden = [secret(c) for contract in contracts.values() for c in contract.columns if c.is_personal]
    assert len(hidden) > 10
    assert {SECRET_DATE, SECRET_NUMBER, "Zqemail", "Zqnational_id"} <= set(hidden)
    for mart, text in shown.items():
        for value in hidden:
            assert str(value) not in text, (mart, value)
            assert repr(value) not in text, (mart, value)
    (row,) = [r for r in first.marts["rpt_customer_master"] if r["golden_id"] == "CTHREE"]
    assert row["email_masked"] == "Z******"
    assert (row["birth_date_masked"], row["national_id_masked"]) == ("****", "****")


def test_preview(again: Built, warehouse: Warehouse) -> None:
    shown = {p.name: p for p in preview(warehouse.engine, rows=2)}
    assert tuple(shown) == MARTS
    spend = shown["rpt_supplier_spend"]
    assert (len(spend.rows), spend.total) == (2, 4)
    assert spend.columns[:2] == ["client_id", "supplier_key"]


# failing tests ----------------------------------------------------------------------------------------------


def test_a_failing_test_leaves_its_client_on_the_old_marts(broken: Built, again: Built, later: Built) -> None:
    assert not broken.result.ok
    assert broken.result.failed == ("deliveries_are_accounted_for",)
    assert broken.result.kept_back == ("north",)
    for mart in MARTS:
        kept = [row for row in again.marts[mart] if row["client_id"] == "north"]
        assert [row for row in broken.marts[mart] if row["client_id"] == "north"] == kept, mart
    new = [row["known_at"] for rows in broken.marts.values() for row in rows if row["client_id"] == "south"]
    assert set(new) == {broken.result.cut_off}
    for words in ("deliveries_are_accounted_for (1 row)", "as known at 2026-06-30 22:30:00 UTC", "us to act"):
        assert words in broken.result.message


def test_a_failed_build_is_recorded_with_the_test_at_fault(broken: Built, warehouse: Warehouse) -> None:
    query = sa.text("select model from ops.model_run where build_id = :id and status = 'fail'")
    with warehouse.engine.connect() as conn:
        assert list(conn.scalars(query, {"id": broken.result.build_id})) == ["deliveries_are_accounted_for"]


def test_analysts_cannot_look_into_a_failed_build(broken: Built, analysts: dict[str, sa.Engine]) -> None:
    with analysts["t_north"].connect() as conn, pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        conn.execute(sa.text("select * from reporting_next.stg_clients__customers"))


def test_every_identity_can_fail(broken: Built, warehouse: Warehouse, home: Settings) -> None:
    assert set(TAMPER) == IDENTITIES
    with warehouse.transaction() as conn:
        conn.execute(sa.text("set local role kontor_mart_owner"))
        conn.execute(sa.text("set local search_path to reporting_next"))
        for statement in TAMPER.values():
            assert conn.execute(sa.text(statement)).rowcount > 0, statement
    project = load_project(home, warehouse.url)
    runs = project.run(["test", "--select", "test_type:singular"], broken.result.cut_off)
    assert {r.name for r in runs if r.failed} == IDENTITIES


UNTOLD: dict[str, str] = {}
"""Tests whose failing rows cannot tell the client, with the reason: such a failure keeps all on yesterday's marts."""


def test_failing_rows_tell_their_client(broken: Built, warehouse: Warehouse, home: Settings) -> None:
    """Of every test, also of those that dbt brings along: else one client's data would stop the others."""
    compiled = _invoke(home, warehouse.url, ["compile", "--select", "resource_type:test"], None).result.results
    of_rows = {r.node.name: r.node.compiled_code for r in compiled if r.node.resource_type == "test"}
    assert of_rows.keys() > IDENTITIES
    untold = set()
    with warehouse.transaction() as conn:
        become_owner(conn)
        conn.execute(sa.text("set local search_path to reporting_next"))
        for name, sql in of_rows.items():
            found = conn.exec_driver_sql(f"select * from ({sql}\n) as failing limit 0".replace("%", "%%"))
            untold |= set() if "client_id" in found.keys() else {name}  # noqa: SIM118 (a result is no mapping)
    assert untold == set(UNTOLD)


@pytest.mark.parametrize(
    ("test", "arguments", "found"),
    [
        ("accepted_values", "'word', ['x', \"o'clock\"]", {"b"}),
        ("accepted_values", "'n', [1, 2], false", {"c"}),
        ("not_null", "'word'", {"c"}),
        ("unique", "'n'", {"a", "b"}),
        ("relationships", "'n', '(select * from rows_of)', 'other'", {"b", "c"}),
        ("unique_grain", "['n'], ['client_id', 'n']", {"a", "b"}),
        ("unique_grain", "['client_id', 'n'], ['word']", {"c"}),
        ("not_below_zero", "['n']", set()),
    ],
)
def test_generic_tests_return_rows_with_their_client(
    test: str, arguments: str, found: set[str], warehouse: Warehouse
) -> None:
    rows = [("a", 1, "x", 1), ("a", 2, "x", 2), ("b", 1, "y", 5), ("c", 3, None, None)]
    sql = macro_of(test, arguments)
    with warehouse.engine.begin() as conn:
        conn.execute(sa.text("create temporary table rows_of (client_id text, n int, word text, other int)"))
        for row in rows:
            conn.exec_driver_sql("insert into rows_of values (%s, %s, %s, %s)", row)
        returned = conn.exec_driver_sql(sql).mappings().all()
        conn.rollback()
    assert {row["client_id"] for row in returned} == found


def macro_of(test: str, arguments: str) -> str:
    """What a generic test of the project comes to on the table `rows_of`."""
    text = "".join(path.read_text() for path in sorted((PROJECT / "tests" / "generic").glob("*.sql")))
    text = text.replace("{% test ", "{% macro ").replace("{% endtest %}", "{% endmacro %}")
    return jinja2.Environment(autoescape=False).from_string(f"{text}{{{{ {test}('rows_of', {arguments}) }}}}").render()
