"""Demonstration files of Portugal: the good one loads into every feed, each defect is stopped by a rule of its name."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.settings import Settings
from tests.conftest import make_settings, url_of
from tests.e2e.conftest import Client

pytestmark = [pytest.mark.real, pytest.mark.slow]

GOOD = "idemo599999999"
PROFILE = """client: {client}
name: Demo
locale: pt_PT
time_zone: Europe/Lisbon
calendar: PT
stewards: [steward]
feeds:
  ledgers.audit_files: {{files: &files 'saft\\.xml', format: &format {{type: saft}}}}
  ledgers.audit_documents: {{files: *files, format: *format}}
  ledgers.partners:
    sources:
      customers: {{files: *files, format: {{type: saft, table: customers}}}}
      suppliers: {{files: *files, format: {{type: saft, table: suppliers}}}}
  ledgers.tax_codes: {{files: *files, format: *format}}
  ledgers.receivables: {{files: *files, format: *format}}
  ledgers.invoice_lines: {{files: *files, format: {{type: saft, table: sales_lines}}}}
  ledgers.payments: {{files: *files, format: *format}}
  shipments.products: {{files: *files, format: *format}}
  shipments.stock_movements: {{files: *files, format: *format}}
"""


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory, server_settings: Settings, database: str, real_root: Path
) -> Iterator[dict[str, Client]]:
    """A client for each file, after its night."""
    home = tmp_path_factory.mktemp("saft")
    settings = replace(make_settings(home), client_folders=(home / "clients",))
    for folder in ("landing", "clients"):
        (home / folder).mkdir()
    clients = {}
    for path in sorted((real_root / "samples" / "auditfiles" / "saft_pt").glob("*.xml")):
        name = path.stem.removeprefix("saft_")
        client = name.lower()
        (settings.landing / client).mkdir()
        shutil.copy(path, settings.landing / client / "saft.xml")
        (home / "clients" / f"{client}.yaml").write_text(PROFILE.format(client=client), encoding="utf-8")
        clients[name] = Client(client, replace(settings, warehouse_url=url_of(server_settings, database, "loader")), "")
    for one in clients.values():
        one.night()
    yield clients
    for one in clients.values():
        one.warehouse.close()


STOPPED = {
    "DEBIT_NC": {
        "ledgers.audit_documents.debit_of_invoice",
        "ledgers.audit_documents.lines_differ",
        "ledgers.payments.control_total.said(faulty_documents)",
    },
    "MISSING_INVOICE": {
        "ledgers.audit_documents.numbers_without_gap",
        "ledgers.audit_files.no_number_missing",
        "ledgers.receivables.control_total.said(missing_numbers)",
        "ledgers.invoice_lines.control_total.said(missing_numbers)",
    },
    "MISSING_STOCK_MOV": {
        "ledgers.audit_documents.numbers_without_gap",
        "ledgers.audit_files.no_number_missing",
        "shipments.stock_movements.control_total.said(missing_numbers)",
    },
    "MISSING_SUPPLIER": {
        "ledgers.audit_documents.supplier_unknown",
        "ledgers.audit_files.credits_as_said",  # the copy of the file that was changed says an older sum besides
        "shipments.stock_movements.control_total.said(faulty_documents)",
    },
    "REPEATED_INVOICE_INTERNAL_CODE": {
        "ledgers.audit_documents.internal_code_repeated",
        "ledgers.receivables.message_is_sound",
        "ledgers.invoice_lines.message_is_sound",
    },
}
"""Name of a file → critical rules that object, without those that only say how much of a file is at fault."""
CONSEQUENCES = ("max_rejects", "documents_sound")


def states(client: Client) -> set[tuple[str, str, int]]:
    """State, verdict and rejects of all deliveries."""
    query = "select distinct state, verdict, coalesce(rows_rejected, 0) from ops.delivery where client_id = :client"
    return {(state, verdict, rejected) for state, verdict, rejected in client.query(query)}


def test_the_good_file_loads_into_every_feed(house: dict[str, Client]) -> None:
    client = house[GOOD]
    assert states(client) == {("loaded", "pass", 0)}
    client.accounted()
    ((debit, credit),) = client.query(
        "select sum(case when net_amount < 0 then net_amount end), sum(case when net_amount > 0 then net_amount end) "
        "from core.ledgers_receivables where client_id = :client"
    )
    ((said_debit, said_credit),) = client.query(
        "select debit_said_amount, credit_said_amount from core.ledgers_audit_files "
        "where client_id = :client and section_code = 'sales_invoices'"
    )
    # totals of documents are rounded, those of the section are not
    assert abs(-debit - said_debit) < 1
    assert abs(credit - said_credit) < 1


@pytest.mark.parametrize("name", STOPPED)
def test_a_defect_is_stopped_by_a_rule_that_names_it(house: dict[str, Client], name: str) -> None:
    query = (
        "select distinct rule_id from ops.rule_result join ops.delivery d using (delivery_id) "
        "where d.client_id = :client and failed > 0 and severity = 'critical'"
    )
    found = {rule for (rule,) in house[name].query(query) if not rule.endswith(CONSEQUENCES)}
    assert found == STOPPED[name]


def test_a_file_that_breaks_its_schema_is_refused(house: dict[str, Client]) -> None:
    client = house["WRONG_SCHEMA"]
    assert states(client) == {("failed", "fail", 0)}
    said = client.query("select distinct message from ops.delivery where client_id = :client")
    assert "TaxRegistrationNumber is missing in Header" in said[0][0]
