"""A whole night on the real landing folder: every delivery settles, to the cent; the second does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from pipelines.catalog import load_catalog
from pipelines.flow.night import NightReport, run_night
from pipelines.flow.office import Office
from pipelines.reporting.run import build
from pipelines.settings import ROOT, Settings
from pipelines.warehouse.connection import Warehouse
from tests.conftest import MARTS_DATABASE, url_of

pytestmark = pytest.mark.real
DATABASE = MARTS_DATABASE


@pytest.fixture(scope="module")
def office(
    real_root: Path, server_settings: Settings, database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    home = tmp_path_factory.mktemp("real")
    url = url_of(server_settings, database, "loader")
    settings = Settings(home, real_root / "landing", (ROOT / "tests" / "real" / "clients",), url)
    warehouse = Warehouse(url)
    yield Office(settings, load_catalog(settings), warehouse)
    warehouse.close()


@pytest.fixture(scope="module")
def first(office: Office) -> NightReport:
    return run_night(office=office)[1]


def test_every_delivery_settles_with_a_verdict(first: NightReport) -> None:
    found = {(line.client_id, line.feed, line.source): (line.state, line.rows_received) for line in first.lines}
    assert found == {
        ("adventureworks", "clients.customers", "resellers"): ("loaded", 701),
        ("adventureworks", "clients.customers", "stores"): ("loaded", 701),
        ("adventureworks", "ledgers.accounts", "main"): ("loaded", 99),
        ("adventureworks", "ledgers.budgets", "main"): ("loaded", 39409),
        ("adventureworks", "ledgers.entities", "main"): ("loaded", 14),
        ("adventureworks", "ledgers.exchange_rates", "average"): ("loaded", 14264),
        ("adventureworks", "ledgers.exchange_rates", "closing"): ("loaded", 14264),
        ("adventureworks", "people.employees", "main"): ("loaded", 290),
        ("adventureworks", "payroll.pay_rates", "main"): ("loaded", 316),
        ("adventureworks", "shipments.carriers", "main"): ("loaded", 5),
        ("adventureworks", "shipments.freight_tariffs", "main"): ("loaded", 5),
        ("adventureworks", "shipments.goods_receipts", "main"): ("loaded", 8845),
        ("adventureworks", "shipments.products", "main"): ("loaded", 504),
        ("adventureworks", "shipments.purchase_order_lines", "main"): ("loaded", 8845),
        ("adventureworks", "shipments.purchase_orders", "main"): ("loaded", 4012),
        ("adventureworks", "shipments.stock", "main"): ("loaded", 1069),
        ("adventureworks", "shipments.suppliers", "main"): ("loaded", 104),
        ("febrl", "clients.customers", "dataset1"): ("loaded", 1000),
        ("febrl", "clients.customers", "dataset2"): ("loaded", 5000),
        ("gla", "ledgers.spend", "main"): ("loaded", 28145),
        ("northwind", "shipments.carriers", "main"): ("loaded", 3),
        ("northwind", "shipments.order_lines", "main"): ("loaded", 2155),
        ("northwind", "shipments.orders", "main"): ("loaded", 830),
        ("northwind", "shipments.products", "main"): ("loaded", 77),
        ("northwind", "shipments.shipments", "main"): ("loaded", 2155),
        ("northwind", "shipments.stock", "main"): ("loaded", 77),
        ("northwind", "shipments.suppliers", "main"): ("loaded", 29),
        ("scms", "shipments.shipments", "main"): ("loaded", 10324),
    }
    assert all(line.verdict in ("pass", "pass_with_rejects") for line in first.lines)


def test_rows_and_amounts_are_accounted_for(office: Office, first: NightReport) -> None:
    for line in first.lines:
        parts = (line.rows_loaded, line.rows_unchanged, line.rows_rejected, line.rows_skipped, line.rows_held)
        assert line.rows_received == sum(p or 0 for p in parts), line
    books = {
        line.feed: (line.rows_loaded, line.rows_skipped) for line in first.lines if line.client_id == "adventureworks"
    }
    assert books["ledgers.accounts"] == (93, 6)
    assert books["ledgers.entities"] == (14, 0)
    assert books["ledgers.exchange_rates"] == (11580, 2684)
    assert books["ledgers.budgets"] == (37970, 1439)
    with office.warehouse.transaction() as conn:
        amounts = conn.execute(
            sa.text("select received, loaded + unchanged + rejected + skipped + held as parts from ops.delivery_amount")
        ).all()
    assert len(amounts) >= 8
    assert all(received == parts for received, parts in amounts)


def test_the_second_night_does_nothing(office: Office, first: NightReport) -> None:
    count = "select count(*), max(_known_from), max(_known_to) from core."
    tables = [c.table.split(".")[1] for c in office.catalog.contracts.values()]
    with office.warehouse.transaction() as conn:
        before = [conn.execute(sa.text(count + t)).one() for t in tables]
    found, report = run_night(office=office)
    assert found.summary().startswith("nothing to do: 28 files already accounted for")
    assert report.lines == []
    with office.warehouse.transaction() as conn:
        assert before == [conn.execute(sa.text(count + t)).one() for t in tables]


def test_files_that_no_profile_maps_are_told(office: Office, first: NightReport) -> None:
    found, _ = run_night(office=office)
    assert "northwind/customers.csv" in found.unmatched
    assert "adventureworks/finance/DimScenario.csv" in found.unmatched
    assert not any(path.startswith(("gla/", "scms/", "febrl/")) for path in found.unmatched)


def test_actual_against_budget_is_what_the_file_adds_up_to(
    office: Office, first: NightReport, real_root: Path, marts_home: Settings, server_settings: Settings, database: str
) -> None:
    result = build(marts_home, url_of(server_settings, database, "loader"))
    assert result.ok, result.message
    with office.warehouse.transaction() as conn:
        rows = conn.execute(
            sa.text(
                "select entity_code, account_id, to_char(budget_month, 'YYYY-MM'), sum(budget_amount), "
                "sum(actual_amount) from reporting.rpt_budget_vs_actual "
                "where client_id = 'adventureworks' group by 1, 2, 3"
            )
        ).all()
    ours = {(r[0], r[1], r[2]): (r[3], r[4]) for r in rows}
    assert ours == _budget_and_actual(real_root / "landing/adventureworks/finance")
    assert sum(budget for budget, _ in ours.values()) == Decimal("42411850.00")


def _budget_and_actual(folder: Path) -> dict[tuple[str, str, str], tuple[Decimal, Decimal]]:
    """(company, account, month) → budget and actual of every profit and loss account, in the year of the budget."""
    names = ["FinanceKey", "DateKey", "Company", "Department", "Scenario", "Account", "Amount", "Date"]
    facts = pd.read_csv(folder / "FactFinance.csv", sep="|", names=names, dtype=str)
    chart = pd.read_csv(folder / "DimAccount.csv", sep="|", usecols=[0, 5], names=["Account", "Type"], dtype=str)
    facts = facts.merge(chart, on="Account")
    # Each company has a figure day a month; counted off, they are the months of the three years. A day that follows
    # within a day before the next is the year's end and belongs to the month before it.
    days = pd.Series(sorted(set(facts["DateKey"])))
    gaps = pd.to_datetime(days).diff(-1).dt.days.abs()
    ends = set(days[(gaps == 1) | gaps.isna()])
    firsts = [day for day in days if day not in ends]
    months = {day: f"{2011 + n // 12}-{n % 12 + 1:02}" for n, day in enumerate(firsts)}
    months |= {end: months[max(day for day in firsts if day < end)] for end in ends}
    facts["Month"] = facts["DateKey"].map(months)
    facts["Amount"] = facts["Amount"].map(lambda text: round(Decimal(text), 2))
    planned = facts[facts["Scenario"] == "2"]
    actual = facts[
        (facts["Scenario"] == "1")
        & facts["Type"].isin(["Revenue", "Expenditures"])
        & facts["Company"].isin(set(planned["Company"]))
        & facts["Month"].isin(set(planned["Month"]))
    ]
    key = ["Company", "Account", "Month"]
    sums = [part.groupby(key)["Amount"].sum().to_dict() for part in (planned, actual)]
    nothing = Decimal(0)
    return {k: (sums[0].get(k, nothing), sums[1].get(k, nothing)) for k in sums[0].keys() | sums[1].keys()}
