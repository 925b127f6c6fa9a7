"""The correction loop on sample deliveries: night, workbook, the client corrects, next night, nothing is open."""

from __future__ import annotations

import gzip
import io
import os
import stat
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook
from rich.console import Console

from pipelines.delivery import Kind
from pipelines.errors import DeclarationError
from pipelines.flow.correction import make_workbooks, show
from pipelines.flow.explain import explain
from pipelines.flow.release import approve
from pipelines.flow.returned import submit
from pipelines.warehouse import register
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
    open_rejects_of,
    rows,
    rows_sheet,
    workbooks,
)


def test_the_whole_loop_closes_the_accounting(sample: Make) -> None:
    client = sample("hansa")
    client.night(feed="clients.customers")
    assert (open_rejects(client), workbooks(client)) == (4, [(1, "open", 4)])
    path = newest(client)
    assert [stat.S_IMODE(p.stat().st_mode) for p in (path, path.parent)] == [0o600, 0o700]
    assert make_workbooks(client.office(), client.client_id) == []
    correct(client, CUSTOMERS)
    found, report = client.night(feed="clients.customers")
    assert [(line.state, line.verdict, line.rows_loaded) for line in report.lines] == [("loaded", "pass", 4)]
    assert open_rejects(client) == 0
    assert workbooks(client) == [(1, "returned", 4)]
    assert deliveries(client) == [("intake", "loaded", 150, 146, 4, 0), ("correction", "loaded", 4, 4, 0, 0)]
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
    query = "select city from core.clients_customers where client_id = :client and customer_id = '000041'"
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
    assert open_rejects(client) == 3
    assert workbooks(client)[-1] == (2, "open", 3)
    client.accounted()


def test_a_workbook_that_nobody_changed_brings_nothing(sample: Make) -> None:
    client = sample("hansa")
    client.night(feed="clients.customers")
    correct(client, {})
    client.night(feed="clients.customers")
    assert deliveries(client)[-1] == ("correction", "loaded", 4, 0, 0, 4)
    assert open_rejects(client) == 4
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


def test_unpivoted_parts_keep_their_counted_keys(sample: Make) -> None:
    client = sample("hansa")
    file = client.settings.landing / client.client_id / "kosten/Ist_2026.csv.gz"
    lines = gzip.decompress(file.read_bytes()).decode("cp1252").split("\r\n")
    cells = [line.split(";") for line in lines]
    filled = [i for i, c in enumerate(cells) if len(c) > 5 and c[5] and c[6]]
    cells[filled[1]][5] = "rund 500"
    cells.insert(filled[2] + 1, list(cells[filled[2]]))  # the same supplier once more: counted as the second
    cells[filled[2] + 1][5:7] = "1,00", "viel"
    client.send("kosten/Ist_2026.csv.gz", gzip.compress("\r\n".join(";".join(c) for c in cells).encode("cp1252")))
    client.night(feed="ledgers.spend")
    keys = "select spend_line_id, spend_amount from core.ledgers_spend where client_id = :client and _known_to is null"
    before = dict(client.query(keys))
    assert open_rejects(client) == 2
    sheet = rows_sheet(load_workbook(newest(client)))
    first, second = rows(sheet)
    correct(client, {first: {"Mrz": "500,00"}, second: {"Apr": "17,00", "Mai": "18,00"}})
    client.night(feed="ledgers.spend")
    after = dict(client.query(keys))
    assert open_rejects(client) == 0
    kept = {key: after[key] for key in before}
    changed = {key for key in before if kept[key] != before[key]}
    assert len(changed) <= 1  # the May that was filled before and is written anew
    new = sorted(after[key] for key in after.keys() - before.keys())
    assert {Decimal("500.00"), Decimal("17.00")} <= set(new)
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
    query = "select annual_sales_amount from core.clients_customers where client_id = :client and customer_id = :id"
    assert client.query(query, id="BR00053") == [(Decimal(2000000),)]
    assert client.query(query, id="BR00055") == [(Decimal("12000.00"),)]
    client.accounted()


def test_a_source_that_is_a_workbook_itself(sample: Make) -> None:
    client = sample("brightline")
    for feed in ("people.employees", "payroll.pay_rates"):
        client.night(feed=feed)
    correct(client, {"9": {"Rate": 14.25}}, rel="hr/staff_2026-12.xlsx")  # under a name that sources would match
    client.night()
    kinds = client.query("select kind, state from ops.delivery where client_id = :client and file_name like '%12.xlsx'")
    assert kinds == [("correction", "loaded")]
    assert open_rejects_of(client, "payroll.pay_rates") == 0


def test_a_correction_that_comes_with_a_newer_snapshot_is_too_late(sample: Make) -> None:
    client = sample("hansa")
    client.night(feed="clients.customers")
    customers = client.settings.landing / client.client_id / "kunden/Kundenstamm.csv"
    client.send("kunden/Kundenstamm (2).csv", customers.read_bytes().replace(b"folgt", b""))
    correct(client, CUSTOMERS)
    _, report = client.night(feed="clients.customers")
    assert sorted((line.state, line.verdict) for line in report.lines) == [
        ("failed", "fail"), ("loaded", "pass_with_rejects"),
    ]  # fmt: skip
    assert "has replaced delivery" in last(client).message
    assert client.query(
        "select company_name from core.clients_customers where client_id = :client and customer_id = '000044'"
    ) == []  # fmt: skip


def test_a_later_delta_is_not_overwritten_by_an_older_correction(sample: Make) -> None:
    client = sample("brightline")
    client.night(feed="clients.customers")
    text = (client.settings.landing / client.client_id / "customers/customers_20261109.csv").read_text("utf-8")
    head, *lines = text.splitlines()
    fixed = next(line for line in lines if line.startswith("BR00052,")).replace(",LS1,", ",LS1 4AP,")
    client.send("customers/customers_20261111.csv", head + "\n" + fixed.replace("Mill Lane", "New Lane") + "\n")
    correct(client, {"54": {"Postcode": "LS9 9AA"}})
    client.night(feed="clients.customers")
    client.night(feed="clients.customers")  # the delta was loaded after the gate had judged the correction
    assert last(client).state == "loaded"
    rules = client.query(
        "select rule_id, state from quarantine.reject where delivery_id = :id", id=last(client).delivery_id
    )
    assert rules == [("clients.customers.newer_version", "open")]
    address = "select address_line_1, postal_code from core.clients_customers where client_id = :client"
    assert client.query(address + " and customer_id = 'BR00052' and _known_to is null") == [("178 New Lane", "LS1 4AP")]
    client.accounted()


def test_a_key_of_another_row_of_the_file_is_not_taken(sample: Make) -> None:
    client = sample("brightline")
    client.night(feed="clients.customers")
    correct(client, {"53": {"Account No": "BR00001"}})
    client.night(feed="clients.customers")
    rules = client.query("select rule_id from quarantine.reject where delivery_id = :id", id=last(client).delivery_id)
    assert rules == [("clients.customers.key_unique",)]
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
    approve(last(client).delivery_id, person="s", reason="seen", office=client.office())
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


def test_a_decision_brings_rows_as_they_are(sample: Make) -> None:
    """A delivery of kind correction whose workbook was never a file brings exactly its rows."""
    client = sample("hansa")
    client.night(feed="clients.customers")
    root = last(client)
    with client.warehouse.transaction() as conn:
        made = register.add_delivery(
            conn,
            register.NewDelivery(
                register.Scope(client.client_id, root.feed, root.source), None, Kind.CORRECTION, root.file_name,
                root.sha256, root.size, root.received_at, root.inputs_hash, root.declaration_hash,
                corrects=root.delivery_id, declarations=register.declarations(conn, root.delivery_id),
            ),
        )  # fmt: skip
        conn.exec_driver_sql(
            "insert into quarantine.workbook (delivery_id, number, token_hash, language, path, sha256, rows, state, "
            f"returned_as) values ({root.delivery_id}, 99, 'd{made.delivery_id}', 'de', '', '', 1, 'returned', "
            f"{made.delivery_id})"
        )
        conn.exec_driver_sql(
            "insert into quarantine.workbook_row select workbook_id, 1, 'd', 45, (select cells from quarantine.row "
            f"where delivery_id = {root.delivery_id} and row_number = 45) from quarantine.workbook where path = '' "
            f"and delivery_id = {root.delivery_id}"
        )
    client.night(feed="clients.customers")
    assert deliveries(client)[-1] == ("correction", "loaded", 1, 0, 1, 0)
    client.accounted()


CANARIES = ("=1+1", "+4930", "-2+3", "@SUM(A1)", "\tTab", "=cmd|' /C calc'!A0", "_x0041_")


def test_what_a_file_holds_never_becomes_a_formula(sample: Make) -> None:
    def tolerant(profile: str) -> str:
        return profile.replace("    mode: snapshot\n", "    mode: snapshot\n    max_rejects: {pct: 20}\n", 1)

    client = sample("hansa", change=tolerant)
    file = client.settings.landing / client.client_id / "kunden/Kundenstamm.csv"
    lines = file.read_text("cp1252").split("\n")
    for at, canary in enumerate(CANARIES, start=60):
        cells = lines[at].split(";")
        cells[10], cells[5] = canary, "?"  # a free text, on a row whose postal code is no code
        lines[at] = ";".join(cells)
    client.send("kunden/Kundenstamm (3).csv", "\n".join(lines).encode("cp1252"))
    os.utime(file, (1_700_000_000, 1_700_000_000))
    client.night(feed="clients.customers")
    path = newest(client)
    with ZipFile(path) as pack:
        sheet = pack.read("xl/worksheets/sheet2.xml").decode()
        styles = pack.read("xl/styles.xml").decode()
    assert "<f>" not in sheet.replace("<formula1>", "")
    assert 'quotePrefix="1"' in styles
    cells = {c.value: c for row in rows_sheet(load_workbook(path)).iter_rows() for c in row if c.value}
    for canary in CANARIES[:-1]:
        assert (cells[canary].data_type, cells[canary].quotePrefix) == ("s", True)
    correct(client, {str(at + 1): {"PLZ": "20457", "Land": "DE"} for at in range(60, 60 + len(CANARIES))})
    client.night(feed="clients.customers")
    assert last(client).rows_loaded == len(CANARIES)
    kept = client.query(
        "select segment_name from core.clients_customers where client_id = :client and _delivery_id = :id order by 1",
        id=last(client).delivery_id,
    )
    assert sorted(row[0] for row in kept) == sorted(c.strip() for c in CANARIES)
