"""A whole night on the real landing folder: every delivery settles, to the cent; the second does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipelines.catalog import load_catalog
from pipelines.flow.night import NightReport, run_night
from pipelines.flow.office import Office
from pipelines.settings import ROOT, Settings
from pipelines.warehouse.connection import Warehouse
from tests.conftest import url_of

pytestmark = pytest.mark.real


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
        ("adventureworks", "people.employees", "main"): ("loaded", 290),
        ("adventureworks", "payroll.pay_rates", "main"): ("loaded", 316),
        ("febrl", "clients.customers", "dataset1"): ("loaded", 1000),
        ("febrl", "clients.customers", "dataset2"): ("loaded", 5000),
        ("gla", "ledgers.spend", "main"): ("loaded", 28145),
        ("scms", "shipments.shipments", "main"): ("loaded", 10324),
    }
    assert all(line.verdict in ("pass", "pass_with_rejects") for line in first.lines)


def test_rows_and_amounts_are_accounted_for(office: Office, first: NightReport) -> None:
    for line in first.lines:
        parts = (line.rows_loaded, line.rows_unchanged, line.rows_rejected, line.rows_skipped, line.rows_held)
        assert line.rows_received == sum(p or 0 for p in parts), line
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
    assert found.summary().startswith("nothing to do: 8 files already accounted for")
    assert report.lines == []
    with office.warehouse.transaction() as conn:
        assert before == [conn.execute(sa.text(count + t)).one() for t in tables]


def test_files_of_a_client_without_profile_are_told(office: Office, first: NightReport) -> None:
    found, _ = run_night(office=office)
    assert "northwind/orders.csv" in found.unmatched
    assert "adventureworks/finance/FactFinance.csv" in found.unmatched
    assert not any(path.startswith(("gla/", "scms/", "febrl/")) for path in found.unmatched)
