"""A client that sends electronic invoices itself: a profile of a few lines turns them into receivables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from pipelines.settings import Settings
from tests.conftest import make_settings, url_of
from tests.e2e.conftest import Client
from tests.e2e.planted import CURRENT
from tests.samples.invoice_cii import cii
from tests.samples.invoice_writer import Bill, Change, Line, Party, ubl

pytestmark = pytest.mark.slow

PROFILE = r"""client: sender
name: Sender GmbH
locale: de_DE
time_zone: Europe/Berlin
calendar: DE
feeds:
  ledgers.receivables:
    files: &sent 'out/.*\.xml'
    format: {type: einvoice}
  ledgers.invoice_lines:
    files: *sent
    format: {type: einvoice}
    columns: &ours
      ledger_code: {value: receivables}
      partner_id: {first_of: [buyer_id, buyer_name]}
  ledgers.invoice_taxes:
    files: *sent
    format: {type: einvoice}
    columns: *ours
"""
SENDER = Party("Sender GmbH", "DE136695976", "Weg 1", "Aalen", "73430")
BUYER = Party("Buyer AG", "", "Weg 2", "Ulm", "89073", id="10001")
LINES = [Line("1", "Spindel", Decimal(3), Decimal("50.00"), "S", Decimal(19))]
INVOICE = Bill("A-1", dt.date(2026, 10, 1), SENDER, BUYER, LINES, dt.date(2026, 10, 31),
               changes=[Change(Decimal("10.00"), "Treue", "S", Decimal(19))])  # fmt: skip
PAID = replace(INVOICE, number="A-2", prepaid=Decimal("166.60"), due=None)
CREDIT = replace(INVOICE, number="G-1", is_credit=True, preceding="A-1", changes=())


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, server_settings: Settings, database: str) -> Iterator[Client]:
    home = tmp_path_factory.mktemp("sender")
    settings = replace(make_settings(home), client_folders=(home / "clients",))
    (home / "clients").mkdir()
    (home / "clients" / "sender.yaml").write_text(PROFILE)
    (home / "landing" / "sender" / "out").mkdir(parents=True)
    for name, content in (("a1", ubl(INVOICE)), ("a2", cii(PAID)), ("g1", ubl(CREDIT))):
        (home / "landing" / "sender" / "out" / f"{name}.xml").write_bytes(content)
    client = Client("sender", replace(settings, warehouse_url=url_of(server_settings, database, "loader")), "")
    client.night()
    yield client
    client.warehouse.close()


def test_invoices_are_open_and_credit_notes_negative(house: Client) -> None:
    rows = house.query(
        "select invoice_id, customer_id, document_type_code, net_amount, tax_amount, gross_amount, open_amount, "
        f"status_code, settled_date, corrects_invoice_id from core.ledgers_receivables where {CURRENT} order by 1"
    )
    net, tax, gross = Decimal("140.00"), Decimal("26.60"), Decimal("178.50")
    assert [tuple(row) for row in rows] == [
        ("A-1", "10001", "invoice", net, tax, net + tax, net + tax, "open", None, None),
        ("A-2", "10001", "invoice", net, tax, net + tax, 0, "settled", dt.date(2026, 10, 1), None),
        ("G-1", "10001", "credit_note", -150, Decimal("-28.50"), -gross, -gross, "open", None, "A-1"),
    ]  # fmt: skip


def test_allowances_are_lines_and_taxes_follow(house: Client) -> None:
    lines = house.query(
        f"select invoice_id, line_id, net_amount from core.ledgers_invoice_lines where {CURRENT} order by 1, 2"
    )
    assert [tuple(row) for row in lines] == [
        ("A-1", "1", 150), ("A-1", "allowance 1", -10), ("A-2", "1", 150), ("A-2", "allowance 1", -10),
        ("G-1", "1", -150),
    ]  # fmt: skip
    taxes = house.query(
        "select ledger_code, invoice_id, tax_category_code, tax_rate_pct, taxable_amount, tax_amount "
        f"from core.ledgers_invoice_taxes where {CURRENT} order by 2"
    )
    assert [tuple(row) for row in taxes] == [
        ("receivables", "A-1", "S", 19, 140, Decimal("26.60")),
        ("receivables", "A-2", "S", 19, 140, Decimal("26.60")),
        ("receivables", "G-1", "S", 19, -150, Decimal("-28.50")),
    ]
    house.accounted()


def test_an_invoice_sent_again_with_another_total_is_told(house: Client) -> None:
    dearer = replace(INVOICE, lines=[replace(LINES[0], price=Decimal("60.00"))])
    (house.settings.landing / "sender" / "out" / "a1-again.xml").write_bytes(ubl(dearer))
    house.night()
    versions = house.query(
        "select gross_amount, _known_to is null from core.ledgers_receivables where invoice_id = 'A-1' order by 1"
    )
    assert [tuple(v) for v in versions] == [(Decimal("166.60"), False), (Decimal("202.30"), True)]
    told = house.query(
        "select d.file_name, r.failed, r.samples from ops.rule_result r join ops.delivery d using (delivery_id) "
        "where r.rule_id = 'ledgers.receivables.invoice_stays' and r.failed > 0"
    )
    assert [(t.file_name, t.failed) for t in told] == [("out/a1-again.xml", 1)]
    assert "gross_amount 202.30, loaded as 166.60" in str(told[0].samples)
    house.accounted()
