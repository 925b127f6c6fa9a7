"""The correction loop on sample deliveries: night, workbook, the client corrects, next night, nothing is open."""

from __future__ import annotations

import io
import stat
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from rich.console import Console

from pipelines.errors import DeclarationError
from pipelines.flow.correction import make_workbooks, show
from pipelines.flow.explain import explain
from pipelines.flow.release import approve
from pipelines.flow.returned import submit
from tests.e2e.conftest import Make
from tests.e2e.correcting import (
    CUSTOMERS,
    FIRST_ROW,
    LEAD,
    correct,
    deliveries,
    header,
    last,
    newest,
    open_rejects,
    rows,
    rows_sheet,
    workbooks,
)


def test_the_whole_loop_closes_the_accounting(sample: Make) -> None:
    client = sample("hansa")
    client.night(feed="clients.customers")
    assert (open_rejects(client), workbooks(client)) == (1, [(1, "open", 4)])
    path = newest(client)
    assert [stat.S_IMODE(p.stat().st_mode) for p in (path, path.parent)] == [0o600, 0o700]
    assert make_workbooks(client.office(), client.client_id) == []
    correct(client, CUSTOMERS)
    found, report = client.night(feed="clients.customers")
    assert [(line.state, line.verdict, line.rows_loaded) for line in report.lines] == [("loaded", "pass", 4)]
    assert open_rejects(client) == 0
    assert workbooks(client) == [(1, "returned", 4)]
    assert deliveries(client) == [("intake", "loaded", 150, 149, 1, 0), ("correction", "loaded", 4, 4, 0, 0)]
    assert found.unmatched == [u for u in found.unmatched if "xlsx" not in u]
    loaded = client.query(
        "select company_name, annual_sales_amount, phone from core.clients_customers where client_id = :client "
        "and _known_to is null and customer_id in ('000041', '000042', '000043', '000044') order by customer_id"
    )
    assert [row.company_name for row in loaded][-1] == "Hafenkai Pumpen GmbH"
    assert (loaded[2].annual_sales_amount, loaded[1].phone) == (Decimal("1234567.50"), None)
    told = client.query(
        "select distinct j.state, j.resolved_by, d.message from quarantine.reject j join ops.delivery d using "
        "(delivery_id) where d.client_id = :client"
    )
    assert [(r.state, r.resolved_by) for r in told] == [("corrected", f"delivery {last(client).delivery_id}")]
    assert told[0].message.endswith("closed: no open reject")
    assert not path.exists()
    client.accounted()
    before = deliveries(client)
    found, _ = client.night(feed="clients.customers")
    assert (found.scopes, deliveries(client)) == ([], before)


def test_what_is_still_wrong_comes_back_with_what_was_written(sample: Make) -> None:
    client = sample("hansa")
    client.night(feed="clients.customers")
    correct(client, {**CUSTOMERS, "42": {"PLZ": "20", "Ort": "Kiel"}})
    client.night(feed="clients.customers")
    assert workbooks(client) == [(1, "returned", 4), (2, "open", 1)]
    sheet = rows_sheet(load_workbook(newest(client)))
    columns = header(sheet)
    assert [sheet.cell(FIRST_ROW, columns[c]).value for c in ("PLZ", "Ort", "KdNr")] == ["20", "Kiel", "000041"]
    correct(client, {"42": {"PLZ": "24103"}}, rel="zurück/2.xlsx")
    client.night(feed="clients.customers")
    assert open_rejects(client) == 0
    query = (
        "select city from core.clients_customers where client_id = :client and customer_id = '000041' "
        "and _known_to is null"
    )
    assert client.query(query) == [("Kiel",)]
    client.accounted()


def test_rows_left_alone_or_taken_out_stay_open(sample: Make) -> None:
    client = sample("hansa")
    client.night(feed="clients.customers")

    def take_out(book: Any) -> None:
        sheet = rows_sheet(book)
        sheet.delete_rows(rows(sheet)["43"])

    correct(client, {"45": CUSTOMERS["45"]}, also=take_out)
    client.night(feed="clients.customers")
    assert deliveries(client)[-1] == ("correction", "loaded", 3, 1, 0, 2)
    assert "1 rows were taken out of the workbook and stay open: rows 43" in last(client).message
    assert open_rejects(client) == 0
    assert workbooks(client)[-1] == (2, "open", 3)
    client.accounted()


def test_a_workbook_that_nobody_changed_brings_nothing(sample: Make) -> None:
    client = sample("hansa")
    client.night(feed="clients.customers")
    correct(client, {})
    client.night(feed="clients.customers")
    assert deliveries(client)[-1] == ("correction", "loaded", 4, 0, 0, 4)
    assert open_rejects(client) == 1
    assert workbooks(client) == [(1, "returned", 4), (2, "open", 4)]


def right_invoices(path: Path) -> dict[str, dict[str, str]]:
    """What the clerk finds in the books, told from the other cells of the rows."""
    sheet = rows_sheet(load_workbook(path))
    columns, places = header(sheet), rows(sheet)

    def cell(row: str, name: str) -> str:
        return str(sheet.cell(places[row], columns[name]).value or "")

    def amount(row: str, name: str) -> Decimal:
        text = cell(row, name).replace(".", "").replace(",", ".")
        return -Decimal(text[:-1]) if text.endswith("-") else Decimal(text)

    def written(value: Decimal) -> str:
        return f"{value}".replace(".", ",")

    return {
        "8": {"Belegdatum": "30.09.2026"},
        "10": {"Netto": written(amount("10", "Brutto") - amount("10", "USt"))},
        "12": {"Status": "A" if cell("12", "Ausgleich") else "O"},
        "14": {"USt": written(amount("14", "Brutto") - amount("14", "Netto"))},
        "16": {"Fällig": cell("16", "Ausgleich") or "31.12.2026"},
        "21": {"Belegnr": "XX1000016"},
    }


def test_references_lookups_keys_and_identities_across_feeds(sample: Make) -> None:
    client = sample("hansa")
    for feed in ("people.employees", "payroll.pay_rates", "ledgers.payables"):
        client.night(feed=feed)
    books = {
        p.stem.removeprefix("corrections_").rsplit("_", 2)[0]: p
        for p in (client.settings.outbox / client.client_id).iterdir()
    }
    staff = {"12": {"Kostenstelle": "3200"}, "14": {"Eintritt": date(2008, 5, 28)}, "15": {"Austritt": "31.10.2026"}}
    correct(client, staff, path=books["people.employees"], rel="a.xlsx")
    rates = {"21": {"Satz": "21,5"}, "22": {"Personalnr": "00011"}, "23": {"Turnus": "M"}}
    correct(client, rates, path=books["payroll.pay_rates"], rel="b.xlsx")
    bills = right_invoices(books["ledgers.payables"])
    correct(client, bills, path=books["ledgers.payables"], rel="c.xlsx")
    for feed in ("people.employees", "payroll.pay_rates", "ledgers.payables"):
        client.night(feed=feed)
    left = client.query(
        "select d.feed, j.rule_id, j.row_number from quarantine.reject j join ops.delivery d using (delivery_id) "
        "where d.client_id = :client and j.state = 'open' and d.kind = 'intake'"
    )
    # The row that was exported twice is right as it is and one too many: a steward writes it off.
    assert left == [("ledgers.payables", "ledgers.payables.repeated_row", 19)]
    client.accounted()


def test_malformed_records_and_english(sample: Make) -> None:
    client = sample("brightline")
    client.night(feed="clients.customers")
    book = load_workbook(newest(client))
    sheet = rows_sheet(book)
    assert sheet.title == "Corrections"
    place = rows(sheet)["57"]
    assert "13 cells where the file has 15 columns" in sheet.cell(place, LEAD).comment.text
    columns = header(sheet)
    late = {"Turnover": "12,000.00", "Staff": "12", "Sector": "Trade", "Country": "UK", "Notes": "x"}
    correct(client, {
        "53": {"Account No": "BR90001"}, "54": {"Postcode": "LS1 4AP"}, "55": {"Turnover": 2000000},
        "56": {"Country": "United Kingdom"}, "57": late,
    })  # fmt: skip
    assert "Account No" in columns
    client.night(feed="clients.customers")
    assert open_rejects(client) == 0
    query = (
        "select annual_sales_amount from core.clients_customers where client_id = :client and customer_id = :id "
        "and _known_to is null"
    )
    assert client.query(query, id="BR00053") == [(Decimal(2000000),)]
    assert client.query(query, id="BR00055") == [(Decimal("12000.00"),)]
    client.accounted()


def test_corrections_may_be_held_for_review(sample: Make) -> None:
    def reviewed(profile: str) -> str:
        return profile.replace("    mode: snapshot\n", "    mode: snapshot\n    corrections: review\n", 1)

    client = sample("hansa", change=reviewed)
    client.night(feed="clients.customers")
    correct(client, CUSTOMERS)
    client.night(feed="clients.customers")
    assert (last(client).state, "correction_review" in last(client).message) == ("held", True)
    assert workbooks(client) == [(1, "returned", 4)]
    approve(last(client).delivery_id, person="steward", reason="seen", office=client.office())
    client.night(feed="clients.customers")
    assert (last(client).state, open_rejects(client)) == ("loaded", 0)


def test_submitted_by_a_person_and_explained(sample: Make) -> None:
    client = sample("hansa")
    client.night(feed="clients.customers")
    path = client.settings.home / "from mail.xlsx"
    correct(client, CUSTOMERS, rel="weg.xlsx")
    path.write_bytes((client.settings.landing / client.client_id / "weg.xlsx").read_bytes())
    (client.settings.landing / client.client_id / "weg.xlsx").unlink()
    delivery = submit(path, "clerk", office=client.office())
    assert (delivery.state.value, delivery.submitted_by) == ("registered", "clerk")
    client.night(feed="clients.customers")
    assert (last(client).state, open_rejects(client)) == ("loaded", 0)
    place = client.query(
        "select _row_number from core.clients_customers where client_id = :client and customer_id = '000044'"
    )[0][0]
    out = io.StringIO()
    for item in explain(delivery.delivery_id, place, office=client.office()):
        Console(file=out, width=200).print(item)
    assert "corrects row 45 of kunden/Kundenstamm.csv" in out.getvalue()
    assert "changed by the client: Name1" in out.getvalue()
    book, _, said = show(1, office=client.office())
    assert book.rows == len(said)
    with pytest.raises(DeclarationError, match="no correction workbook"):
        submit(client.settings.landing / client.client_id / "kunden/Kundenstamm.csv", "clerk", office=client.office())
