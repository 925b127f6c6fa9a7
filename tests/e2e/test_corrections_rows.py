"""Corrections beside what is loaded: counted keys, keys of other rows, later deliveries, texts like formulas."""

from __future__ import annotations

import gzip
import os
from decimal import Decimal
from zipfile import ZipFile

from openpyxl import load_workbook

from pipelines.delivery import Kind
from pipelines.warehouse import register
from tests.e2e.conftest import Make
from tests.e2e.correcting import (
    CUSTOMERS,
    correct,
    deliveries,
    last,
    newest,
    open_rejects,
    open_rejects_of,
    rows,
    rows_sheet,
)


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
