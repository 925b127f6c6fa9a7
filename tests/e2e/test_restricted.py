"""Pay that nobody but payroll may see: planted in rows of every fate, and searched for wherever anybody else looks."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook

from pipelines.cli import main
from pipelines.flow import letters, release
from pipelines.flow.correction import make_workbooks
from pipelines.reporting.run import build
from pipelines.settings import Settings
from pipelines.warehouse import register
from pipelines.warehouse.connection import Warehouse
from tests.conftest import url_of
from tests.e2e.conftest import Client
from tests.e2e.correcting import correct, header, last, rows, rows_sheet
from tests.readable import places_of

PROFILE = r"""client: {client}
name: Sample Ltd
locale: en_GB
time_zone: Europe/London
calendar: GB
analysts: [analyst, payroll]
stewards: [stella]
notify: {{to: [office@sample.example]}}
feeds:
  payroll.pay_rates:
    sources:
      main: &source
        files: 'rates/[^/]+\.csv'
        mode: snapshot
        max_rejects: {{pct: 90}}
        max_closed_pct: 100
        columns:
          employee_id: {{from: Id}}
          valid_from_date: {{from: From, formats: ['%Y-%m-%d']}}
          hourly_rate: {{from: Rate}}
          salary_amount: {{from: Salary}}
          currency_code: {{value: GBP}}
          pay_frequency_code: {{value: monthly}}
      checked:
        <<: *source
        files: 'checked/[^/]+\.csv'
        format: {{footer_rows: 1}}
        controls: {{'sum(salary_amount)': {{footer: 1, column: 2}}}}
"""
RATES = """Id,From,Rate,Salary
E1,2026-01-01,87.6543,98765.43
E2,2026-01-01,87.6543,98765.43
E3,someday,87.6543,98765.43
E4,2026-01-01,87.6543 or so,98765.43
E5,2026-01-01,-87.6543,98765.43
E6,2026-01-01,87.6543,98765.43,98765.43
E7,2026-01-01,87.6543,98765.43 gross
E8,2026-01-01,87.6543,98765.43
E8,2026-01-01,88.6543,98765.43
"""
CHECKED = "Id,From,Rate,Salary\nE1,2026-01-01,87.6543,98765.43\nTotal,197530.86,,\n"
PLANTED = ("98765.43", "98,765.43", "98\u202f765.43", "87.6543", "88.6543", "197530.86", "197\u202f530.86")
KEPT = ("landing", "archive", "outbox", "work", "pg", "clients")
"""Folders where rows themselves are, for the login that the nights run as."""


@pytest.fixture
def paid(client: Client, settings: Settings) -> Client:
    """A night in which rows were loaded and set aside for every kind of fault, and a delivery was held."""
    client.declare(PROFILE.format(client=client.client_id))
    with client.warehouse.transaction() as conn:
        register.sync_clients(conn, [client.office().profile(client.client_id)])
    client.send("rates/a.csv", RATES)
    client.send("checked/a.csv", CHECKED)
    client.night()
    states = client.query(
        "select file_name, state, rows_rejected from ops.delivery where client_id = :client order by 1"
    )
    assert [tuple(s) for s in states] == [("checked/a.csv", "held", 0), ("rates/a.csv", "loaded", 7)]
    make_workbooks(client.office(), client.client_id)
    return client


@pytest.fixture
def reported(paid: Client) -> Client:
    """The same with marts."""
    result = build(paid.settings, paid.warehouse.url)
    assert result.ok, result.message
    return paid


def login(server_settings: Settings, database: str, role: str) -> Warehouse:
    return Warehouse(url_of(server_settings, database, role))


def test_who_connects(reported: Client, server_settings: Settings, database: str) -> None:
    found = {}
    for role in ("loader", "steward", "analyst", "payroll"):
        warehouse = login(server_settings, database, role)
        found[role] = places_of(warehouse, *PLANTED)
        warehouse.close()
    assert found["steward"] == found["analyst"] == set()
    assert found["payroll"] == {"reporting.rpt_pay_rate_register.hourly_rate"}
    assert {"core.payroll_pay_rates.salary_amount", "quarantine.row.cells"} <= found["loader"]


def told(client: Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """What commands print, stewards are asked and clients are written."""
    office = client.office()
    for module in (
        "pipelines.flow.show", "pipelines.flow.explain", "pipelines.flow.trace", "pipelines.flow.reject_views",
        "pipelines.flow.correction", "pipelines.flow.office",
    ):  # fmt: skip
        monkeypatch.setattr(f"{module}.open_office", lambda: office)
    loaded, held = (
        int(client.query("select delivery_id from ops.delivery where client_id = :client and state = :s", s=s)[0][0])
        for s in ("loaded", "held")
    )
    rejected = [n for (n,) in client.query(
        "select distinct row_number from quarantine.reject where delivery_id = :id order by 1", id=loaded
    )]  # fmt: skip
    assert len(rejected) == 7
    book = int(client.query("select max(workbook_id) from quarantine.workbook")[0][0])
    commands = [
        ["status"], ["status", "--json"], ["marts"], ["held"], ["corrections", "list"],
        ["corrections", "show", str(book)], ["rejects", "list", "--state", "all"],
        ["rejects", "list", "--state", "all", "--json"], ["explain", str(held)], ["explain", str(loaded)],
        ["trace", "core.payroll_pay_rates", "employee_id=E1"],
        *(["explain", str(loaded), str(n)] for n in (2, *rejected)),
        *(["rejects", "show", str(loaded), str(n)] for n in rejected),
        ["replay", str(loaded), "--dry-run"],
    ]  # fmt: skip
    monkeypatch.setattr("pipelines.flow.rehearsal.open_office", lambda: office)
    monkeypatch.setenv("COLUMNS", "250")
    for command in commands:
        out = io.StringIO()
        with redirect_stdout(out):
            assert main(command) == 0, command
        yield " ".join(command), out.getvalue()
    yield "question", release.summary(office, held).markdown()
    for letter in letters.gather(office, date(2026, 1, 1), client=client.client_id):
        yield "letter", f"{letter.subject} {letter.text} {letter.html}"


def test_what_is_told_and_written(
    reported: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    places = dict(told(reported, monkeypatch))
    assert {"question", "letter", "marts"} <= places.keys()
    assert "E5" in " ".join(places.values())  # the search would find what is told
    for path in sorted(settings.home.rglob("*")):
        if path.is_file() and path.relative_to(settings.home).parts[0] not in KEPT:
            places[str(path)] = path.read_bytes().decode("utf-8", "replace")
    assert any("quality" in place for place in places)
    places["log"] = caplog.text
    assert [(place, value) for place, text in places.items() for value in PLANTED if value in text] == []


def test_files_with_cells_are_for_their_owner_only(paid: Client, settings: Settings) -> None:
    for path in settings.home.rglob("*"):
        rel = path.relative_to(settings.home)
        if path.is_file() and rel.parts[0] not in ("landing", "clients"):
            assert path.stat().st_mode & 0o077 == 0 or _is_closed(path, settings.home), rel


def _is_closed(path: Path, home: Path) -> bool:
    """Whether a folder on the way keeps others out."""
    return any(p.stat().st_mode & 0o077 == 0 for p in path.parents if p.is_relative_to(home) and p != home)


def newest(client: Client) -> Path:
    path = client.query("select path from quarantine.workbook where state = 'open' order by workbook_id desc limit 1")
    return client.settings.outbox / str(path[0][0])


def test_a_workbook_shows_of_pay_only_what_is_to_be_corrected(paid: Client) -> None:
    sheet = rows_sheet(load_workbook(newest(paid)))
    columns, places = header(sheet), rows(sheet)
    seen = {
        row: tuple(str(sheet.cell(at, columns[c]).value) for c in ("Id", "Rate", "Salary"))
        for row, at in places.items()
    }
    assert seen == {
        "4": ("E3", "****", "****"), "5": ("E4", "87.6543 or so", "****"), "6": ("E5", "-87.6543", "****"),
        "7": ("E6", "87.6543", "98765.43"), "8": ("E7", "****", "98765.43 gross"),
        "9": ("E8", "****", "****"), "10": ("E8", "****", "****"),
    }  # fmt: skip
    assert sheet.cell(places["4"], columns["Salary"]).protection.locked


def test_what_stars_stand_for_is_loaded_when_the_rest_is_corrected(paid: Client) -> None:
    correct(paid, {"4": {"From": "2026-02-01"}, "8": {"Salary": "98765"}}, path=newest(paid), rel="back/a.xlsx")
    paid.night()
    assert last(paid).state == "loaded", last(paid).message
    query = (
        "select employee_id, hourly_rate::text, salary_amount::text from core.payroll_pay_rates "
        "where client_id = :client and _known_to is null order by 1"
    )
    assert [tuple(r) for r in paid.query(query)] == [
        *((e, "87.6543", "98765.43") for e in ("E1", "E2", "E3")), ("E7", "87.6543", "98765.00"),
    ]  # fmt: skip


def test_a_cell_behind_stars_cannot_be_written_over(paid: Client) -> None:
    correct(paid, {"4": {"From": "2026-02-01", "Salary": "1"}}, path=newest(paid), rel="back/a.xlsx")
    paid.night()
    assert last(paid).state == "failed"
    assert "locked cell that was changed" in last(paid).message
