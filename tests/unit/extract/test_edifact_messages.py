"""What the messages of EDIFACT say arrives in their tables; what no column is made of stays in `other`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pipelines.extract.reader import read_table
from pipelines.extract.table import LEAD
from pipelines.profile import Format
from tests.samples.edifact_writer import Segments, Style, date, interchange, message, party

Row = dict[str, str]
Read = Callable[[str, str, str], list[Row]]
AT = datetime(2026, 11, 9, 18, 5)


def rows_of(path: Path, table: str) -> list[Row]:
    """The records of a table without empty cells and the columns of the envelope."""
    with read_table(path, Format(type="edifact", table=table), "en_US") as reader:
        rows = [row for batch in reader.batches() for row in batch.to_pylist()]
        assert [t for t in reader.facts.totals if t.said != t.found] == []
    left_out = {*LEAD, "sender_id", "receiver_id", "interchange_number", "message_number", "message_type"}
    return [{k: v for k, v in row.items() if v and k not in left_out} for row in rows]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Put segments, one a line, into an interchange and read a table of it."""

    def _read(kind: str, body: str, table: str) -> list[Row]:
        lines = [line.strip() for line in body.strip().splitlines()]
        text = (
            f"UNB+UNOC:3+S:14+R:14+261109:1805+77'UNH+1+{kind}'"
            + "'".join(lines)
            + f"'UNT+{len(lines) + 2}+1'UNZ+1+77'"
        )
        path = tmp_path / "file.edi"
        path.write_bytes(text.encode("latin-1"))
        return rows_of(path, table)

    return _read


ORDER = """
BGM+220+PO-17+9
DTM+137:20261101:102
DTM+2:202611201200:203
FTX+DEL+++Ring twice:at gate 3
RFF+CT:FRAME-9
DTM+171:20260101:102
NAD+BY+5790000000005::9++Kaufhaus Nord:und Ost
RFF+VA:DK12345674
CTA+OC+:Sample Buyer
COM+buyer@example.com:EM
NAD+SU+4012345000009::9
NAD+DP+5790000000012::9+++Kaj 4:Hall B+Aarhus++8000+DK
LOC+7+DKAAR::6
CUX+2:DKK:9
TDT+20++30+31+:::Fast Trucks
TOD+3++DAP
LIN+1++4000862141404:EN
PIA+1+A-100:SA+B-7:IN
IMD+F++:::Lamp:black
QTY+21:48:PCE
QTY+59:12
MOA+203:600
PRI+AAA:1250:::100
TAX+7+VAT+++:::25+S
LIN+2+3+4000862141411:EN
QTY+21:2,5:KGM
DTM+2:20261201:102
PRI+AAB:3.20
ALC+A++++DI
PCD+3:10
NAD+DP+5790000000029::9
HAN+BIG
UNS+S
MOA+86:608
CNT+2:2
"""


def test_an_order(read: Read) -> None:
    (head,) = read("ORDERS:D:96A:UN:EAN008", ORDER, "orders")
    assert head == {
        "position": "message 1, line 1", "message_version": "D:96A:UN:EAN008", "document_code": "220",
        "order_id": "PO-17",
        "document_id": "PO-17", "message_function": "9", "document_date": "2026-11-01", "requested_date": "2026-11-20",
        "buyer_id": "5790000000005", "buyer_name": "Kaufhaus Nord und Ost", "supplier_id": "4012345000009",
        "ship_to_id": "5790000000012", "ship_to_street": "Kaj 4 Hall B", "ship_to_city_name": "Aarhus",
        "ship_to_postal_code": "8000", "ship_to_country_code": "DK", "ship_to_location_code": "DKAAR",
        "carrier_name": "Fast Trucks", "transport_mode": "30", "currency_code": "DKK", "incoterm_code": "DAP",
        "contract_id": "FRAME-9", "order_net_amount": "608", "lines_said": "2", "lines_found": "2",
        "text": "Ring twice at gate 3", "message_faults": "none",
        "other": "DTM+171:20260101:102 RFF+VA:DK12345674 CTA+OC+:Sample Buyer COM+buyer@example.com:EM",
    }  # fmt: skip


def test_its_lines(read: Read) -> None:
    first, second = read("ORDERS:D:96A:UN:EAN008", ORDER, "order_lines")
    common = {
        "order_id": "PO-17", "document_date": "2026-11-01", "message_function": "9", "currency_code": "DKK",
        "message_faults": "none",
    }  # fmt: skip
    assert first == common | {
        "position": "message 1, LIN 1, line 1", "line_id": "1", "ean_id": "4000862141404",
        "supplier_product_id": "A-100", "buyer_product_id": "B-7", "item_name": "Lamp black", "ordered_quantity": "48",
        "unit_code": "PCE", "quantity_per_pack": "12", "line_amount": "600", "unit_price_amount": "12.5",
        "price_code": "AAA", "price_basis": "100", "price_as_written": "1250", "tax_rate_pct": "25",
        "ship_to_id": "5790000000012",
    }  # fmt: skip
    assert second == common | {
        "position": "message 1, LIN 2, line 1", "line_id": "2", "action_code": "3", "ean_id": "4000862141411",
        "ordered_quantity": "2.5", "unit_code": "KGM", "requested_date": "2026-12-01", "unit_price_amount": "3.20",
        "price_code": "AAB", "price_as_written": "3.20", "discount_pct": "10", "ship_to_id": "5790000000029",
        "other": "HAN+BIG",
    }  # fmt: skip


def test_a_change_of_an_order_speaks_of_the_order(read: Read) -> None:
    body = "BGM+230+CHG-1+4\nDTM+137:20261103:102\nRFF+ON:PO-17\nLIN+1+2+4000862141404:EN\nQTY+21:48\nUNS+S"
    assert [(r["order_id"], r["document_id"]) for r in read("ORDCHG:D:96A:UN", body, "orders")] == [("PO-17", "CHG-1")]
    (line,) = read("ORDCHG:D:96A:UN", body, "order_lines")
    assert (line["order_id"], line["line_id"], line["action_code"]) == ("PO-17", "1", "2")


def test_a_response(read: Read) -> None:
    body = """
    BGM+231+RESP-1+29+AC
    DTM+137:20261102:102
    DTM+69:20261125:102
    RFF+ON:PO-17
    DTM+171:20261101:102
    NAD+BY+5790000000005::9
    NAD+SU+4012345000009::9
    CUX+2:DKK:9
    LIN+1+5+4000862141404:EN
    QTY+21:48:PCE
    QTY+113:36:PCE
    QTY+83:12:PCE
    DTM+67:20261128:102
    PRI+AAA:12.5
    RFF+ON:PO-17:4
    LIN+2+7+4000862141411:EN
    QTY+21:2:PCE
    UNS+S
    CNT+2:2
    """
    first, second = read("ORDRSP:D:96A:UN:EAN005", body, "order_responses")
    assert first == {
        "position": "message 1, LIN 1, line 1", "document_id": "RESP-1", "document_date": "2026-11-02",
        "response_code": "AC", "order_id": "PO-17", "order_date": "2026-11-01", "line_id": "1", "order_line_id": "4",
        "action_code": "5", "ean_id": "4000862141404", "ordered_quantity": "48", "confirmed_quantity": "36",
        "backorder_quantity": "12", "line_answer_code": "backordered", "accepted_quantity": "48",
        "agreed_quantity": "48", "unit_code": "PCE", "unit_price_amount": "12.5", "price_code": "AAA",
        "price_as_written": "12.5", "currency_code": "DKK", "promised_date": "2026-11-28", "buyer_id": "5790000000005",
        "supplier_id": "4012345000009", "message_faults": "none",
    }  # fmt: skip
    assert (second["promised_date"], second["order_line_id"], second["action_code"]) == ("2026-11-25", "2", "7")
    assert "other" not in second
    (whole,) = read("ORDRSP:D:96A:UN:EAN005", "BGM+231+RESP-2+27\nRFF+ON:PO-18\nUNS+S", "order_responses")
    assert (whole["response_code"], whole["order_id"], whole["position"]) == ("27", "PO-18", "message 1, line 1")


@pytest.mark.parametrize(
    ("bgm", "line", "wanted"),
    [
        ("29", "LIN+1+5\nQTY+21:48", "accepted 48 48 - - -"),
        ("29", "LIN+1\nQTY+21:48", "accepted 48 48 - - -"),  # as BGM says of the order
        ("4", "LIN+1+5\nQTY+21:48", "accepted 48 48 - - -"),
        ("4", "LIN+1+3\nQTY+21:48\nQTY+113:36", "changed 36 36 12 - -"),
        ("4", "LIN+1\nQTY+21:48\nQTY+113:36", "changed 36 36 12 - -"),
        ("4", "LIN+1+6\nQTY+21:48\nQTY+113:60", "changed 60 60 - - -"),
        ("4", "LIN+1+7\nQTY+21:48", "rejected 0 48 48 - -"),
        ("4", "LIN+1+2\nQTY+21:48\nQTY+113:48", "rejected 0 48 48 - -"),
        ("4", "LIN+1+10\nQTY+21:48", "rejected 0 48 48 - -"),
        ("4", "LIN+1+1\nQTY+113:5", "changed 5 5 - - -"),  # added by the supplier
        ("4", "LIN+1+5\nQTY+21:48\nQTY+83:12", "backordered 48 48 - 12 -"),
        ("4", "LIN+1+3\nQTY+21:48\nQTY+185:8", "changed 40 40 8 - -"),
        ("4", "LIN+1+3\nQTY+21:48\nQTY+113:30\nQTY+83:10\nQTY+185:8", "backordered 40 40 8 10 -"),
        ("4", "LIN+1+6\nQTY+21:48\nQTY+113:20\nDTM+67:20261101:102\nQTY+113:28\nDTM+67:20261120:102",
         "changed 48 48 - - 2026-11-20"),
        ("4", "LIN+1+5\nQTY+21:48\nSCC+1\nQTY+113:20\nDTM+67:20261101:102\nSCC+1\nQTY+113:16\nDTM+67:20261120:102",
         "changed 36 36 12 - 2026-11-20"),
        ("27", "LIN+1+5\nQTY+21:48", "rejected 0 48 48 - -"),
        ("+AJ", "LIN+1\nQTY+21:48", "on_hold 48 48 - - -"),
        ("9", "LIN+1\nQTY+21:48", "- 48 48 - - -"),  # says nothing
    ],
)  # fmt: skip
def test_what_an_answer_leaves_of_a_line(read: Read, bgm: str, line: str, wanted: str) -> None:
    names = "line_answer_code accepted_quantity agreed_quantity cancelled_quantity backorder_quantity promised_date"
    (row,) = read("ORDRSP:D:96A:UN:EAN005", f"BGM+231+R-1+{bgm}\nRFF+ON:PO-1\n{line}\nUNS+S", "order_responses")
    assert " ".join(row.get(name, "-") for name in names.split()) == wanted
    assert "SCC" not in row.get("other", "").replace("SCC+1", "")


def test_a_line_accepted_without_a_quantity_stands_as_it_was_ordered(read: Read) -> None:
    (row,) = read("ORDRSP:D:96A:UN", "BGM+231+R-1+29\nRFF+ON:PO-1\nLIN+1+5\nUNS+S", "order_responses")
    assert (row["stands_as_ordered"], row["line_answer_code"]) == ("true", "accepted")
    (row,) = read("ORDRSP:D:96A:UN", "BGM+231+R-1+4\nRFF+ON:PO-1\nLIN+1+7\nUNS+S", "order_responses")
    assert "stands_as_ordered" not in row


def test_answers_to_an_order_as_a_whole_stand_in_the_register(read: Read) -> None:
    for bgm, word in (("29", "accepted"), ("27", "rejected"), ("4", "changed"), ("9+AP", "accepted"), ("9", None)):
        (row,) = read("ORDRSP:D:96A:UN", f"BGM+231+R-1+{bgm}\nRFF+ON:PO-1\nUNS+S", "interchanges")
        assert (row["answered_document_id"], row.get("document_answer_code")) == ("PO-1", word)


@pytest.mark.parametrize(
    ("body", "code", "errors"),
    [
        ("BGM+313+A-1\nRFF+DM:INV-1\nERC+Z10\nFTX+AAO+++price is not agreed;:line 2", "rejected",
         "INV-1: Z10 price is not agreed, line 2"),
        ("BGM+305+A-1+29\nRFF+DM:INV-1", "accepted", ""),
        ("BGM+305+A-1+34\nRFF+DM:INV-1\nERC+12", "accepted_with_errors", "INV-1: 12"),
        ("BGM+312+A-1\nRFF+DM:INV-1", "accepted", ""), ("BGM+313+A-1\nRFF+DM:INV-1", "rejected", ""),
        ("BGM+305+A-1+9+RE\nRFF+DM:INV-1\nRFF+ACW:77\nERC+3", "rejected", "77: 3"),
    ],
)  # fmt: skip
def test_what_an_application_made_of_it(read: Read, body: str, code: str, errors: str) -> None:
    (row,) = read("APERAK:D:96A:UN", body, "interchanges")
    assert (row["answered_document_id"], row["acknowledgement_code"]) == ("INV-1", code)
    assert row.get("acknowledgement_errors", "") == errors
    assert row.get("acknowledged_message_number") == ("77" if "ACW" in body else None)


DESPATCH = """
BGM+351+DES587441+9
DTM+137:20261105:102
DTM+11:20261106:102
DTM+17:202611100800:203
MEA+PD+AAD+KGM:250.5
RFF+ON:PO-17
RFF+DQ:LS-9
NAD+BY+5790000000005::9
NAD+SU+4012345000009::9++Lampenwerk
NAD+DP+5790000000012::9+++Kaj 4+Aarhus++8000+DK
NAD+CA+++Fast Trucks
TDT+20+T-88+30+31
LOC+5+DEHAM::6
CPS+1
PAC+2++201::9
CPS+2+1
PAC+1++201::9
PCI+33E
GIN+BJ+354123450000000014
LIN+1++4000862141404:EN
PIA+1+A-100:SA
QTY+12:36:PCE
QTY+21:48:PCE
RFF+ON:PO-17:1
GIN+BX+L55
DTM+361:20281231:102
CPS+3+1
PAC+4++CT
LIN+2++4000862141411:EN
QTY+12:2:PCE
PCI+36E
DTM+36:270131:101
GIN+BN+S1+S2:S5
QVR+10:66
CNT+2:2
"""


def test_a_despatch_advice(read: Read) -> None:
    (head,) = read("DESADV:D:96A:UN:EAN005", DESPATCH, "despatches")
    assert head == {
        "position": "message 1, line 1", "message_version": "D:96A:UN:EAN005", "document_code": "351",
        "despatch_id": "DES587441", "message_function": "9", "document_date": "2026-11-05",
        "shipped_date": "2026-11-06", "expected_date": "2026-11-10", "order_id": "PO-17",
        "delivery_note_id": "LS-9", "consignment_id": "T-88",
        "buyer_id": "5790000000005", "supplier_id": "4012345000009", "supplier_name": "Lampenwerk",
        "ship_to_id": "5790000000012", "ship_to_street": "Kaj 4", "ship_to_city_name": "Aarhus",
        "ship_to_postal_code": "8000", "ship_to_country_code": "DK", "origin_location_code": "DEHAM",
        "carrier_name": "Fast Trucks", "transport_mode": "30", "gross_weight": "250.5", "weight_unit": "KGM",
        "package_count": "2", "lines_said": "2", "lines_found": "2", "message_faults": "none",
    }  # fmt: skip


def test_its_packages(read: Read) -> None:
    found = read("DESADV:D:96A:UN:EAN005", DESPATCH, "packages")
    wanted = ("level_id", "parent_level_id", "package_count", "package_code", "sscc_id")
    assert [tuple(row.get(name) for name in wanted) for row in found] == [
        ("1", None, "2", "201", None), ("2", "1", "1", "201", "354123450000000014"), ("3", "1", "4", "CT", None),
    ]  # fmt: skip
    assert not any("other" in row for row in found)


def test_its_despatched_lines(read: Read) -> None:
    first, second = read("DESADV:D:96A:UN:EAN005", DESPATCH, "despatch_lines")
    wanted = {
        "line_id": ("1", "2"), "level_id": ("2", "3"), "sscc_id": ("354123450000000014", None),
        "package_code": ("201", "CT"), "ean_id": ("4000862141404", "4000862141411"),
        "despatched_quantity": ("36", "2"), "ordered_quantity": ("48", None), "unit_code": ("PCE", "PCE"),
        "batch_id": ("L55", None), "best_before_date": ("2028-12-31", "2027-01-31"), "serial_ids": (None, "S1 S2–S5"),
        "order_id": ("PO-17", "PO-17"), "order_line_id": ("1", None), "expected_date": ("2026-11-10",) * 2,
        "shipped_date": ("2026-11-06",) * 2, "is_first_line": ("true", "false"), "shipment_weight_kg": ("250.5", None),
        "supplier_product_id": ("A-100", None), "other": (None, "QVR+10:66"), "ship_to_country_code": ("DK", "DK"),
    }  # fmt: skip
    assert {name: (first.get(name), second.get(name)) for name in wanted} == wanted


INVOICE = """
BGM+380+R-2026-1+9
DTM+137:20261106:102
DTM+35:20261105:102
RFF+ON:PO-17
RFF+AAK:DES587441
NAD+SU+4012345000009::9++Lampenwerk+++++DE
RFF+VA:DE136695976
FII+RB+DE89370400440532013000
NAD+BY+5790000000005::9++Kaufhaus Nord
RFF+VA:DK12345674
CUX+2:EUR:4
PAT+1++5:3:D:30
PAT+22++5:3:D:10
PCD+12:2
MOA+21:14.28
ALC+C++++FC:::Freight
MOA+23:20
TAX+7+VAT+++:::19+S
LIN+1++4000862141404:EN
PIA+1+A-100:SA
IMD+F++:::Lamp
QTY+47:36:PCE
MOA+203:450
PRI+AAA:12.5
RFF+ON:PO-17:1
TAX+7+VAT+++:::19+S
MOA+124:85.5
LIN+2++4000862141411:EN
QTY+47:2:PCE
MOA+203:130
PRI+AAA:65
TAX+7+VAT+++:::7+S
MOA+124:9.1
UNS+S
CNT+2:2
MOA+79:580
MOA+77:698.40
MOA+9:698.40
MOA+124:98.40
TAX+7+VAT+++:::19+S
MOA+125:470
MOA+124:89.3
TAX+7+VAT+++:::7+S
MOA+125:130
MOA+124:9.1
"""


def test_an_invoice(read: Read) -> None:
    (head,) = read("INVOIC:D:96A:UN:EAN008", INVOICE, "invoices")
    assert head == {
        "position": "message 1, line 1", "message_version": "D:96A:UN:EAN008", "document_code": "380",
        "document_type_code": "invoice", "invoice_id": "R-2026-1", "message_function": "9",
        "document_date": "2026-11-06", "delivery_date": "2026-11-05", "due_date": "2026-12-06",
        "discount_date": "2026-11-16", "discount_amount": "14.28", "discount_pct": "2", "order_id": "PO-17",
        "despatch_id": "DES587441", "buyer_id": "5790000000005", "buyer_name": "Kaufhaus Nord",
        "buyer_vat_id": "DK12345674", "supplier_id": "4012345000009", "supplier_name": "Lampenwerk",
        "supplier_vat_id": "DE136695976", "supplier_country_code": "DE",
        "supplier_account_id": "DE89370400440532013000", "currency_code": "EUR", "line_net_amount": "580",
        "net_amount": "600", "tax_amount": "98.40", "gross_amount": "698.40", "payable_amount": "698.40",
        "signed_net_amount": "600", "signed_tax_amount": "98.40", "signed_gross_amount": "698.40",
        "signed_payable_amount": "698.40", "lines_said": "2", "lines_found": "2", "message_faults": "none",
    }  # fmt: skip


def test_its_invoiced_lines_and_charges(read: Read) -> None:
    found = read("INVOIC:D:96A:UN:EAN008", INVOICE, "invoice_lines")
    wanted = (
        "line_kind",
        "line_id",
        "item_name",
        "signed_quantity",
        "signed_line_amount",
        "tax_rate_pct",
        "tax_amount",
    )
    assert [tuple(row.get(name) for name in wanted) for row in found] == [
        ("line", "1", "Lamp", "36", "450", "19", "85.5"), ("line", "2", None, "2", "130", "7", "9.1"),
        ("charge", "charge 1", "Freight", None, "20", "19", None),
    ]  # fmt: skip
    assert (found[0]["order_id"], found[0]["order_line_id"], found[0]["despatch_id"]) == ("PO-17", "1", "DES587441")
    assert sum(Decimal(row["signed_line_amount"]) for row in found) == Decimal(found[0]["signed_invoice_net_amount"])


def test_its_taxes_and_those_of_a_credit_note(read: Read) -> None:
    wanted = ("tax_category_code", "tax_rate_pct", "signed_taxable_amount", "signed_tax_amount")
    found = read("INVOIC:D:96A:UN:EAN008", INVOICE, "invoice_taxes")
    assert [tuple(row[n] for n in wanted) for row in found] == [("S", "19", "470", "89.3"), ("S", "7", "130", "9.1")]
    credit = INVOICE.replace("BGM+380", "BGM+381").replace("PAT+1", "RFF+IV:R-2026-0\nPAT+1")
    found = read("INVOIC:D:96A:UN:EAN008", credit, "invoice_taxes")
    assert [tuple(row[n] for n in wanted) for row in found] == [
        ("S", "19", "-470", "-89.3"),
        ("S", "7", "-130", "-9.1"),
    ]
    (head,) = read("INVOIC:D:96A:UN:EAN008", credit, "invoices")
    assert (head["document_type_code"], head["signed_gross_amount"], head["gross_amount"]) == (
        "credit_note", "-698.40", "698.40",
    )  # fmt: skip
    lines = read("INVOIC:D:96A:UN:EAN008", credit, "invoice_lines")
    assert [row["signed_line_amount"] for row in lines] == ["-450", "-130", "-20"]


def test_a_single_rate_may_stand_in_the_head(read: Read) -> None:
    body = "BGM+380+R1+9\nDTM+137:20261106:102\nTAX+7+VAT+++:::21+S\nUNS+S\nMOA+77:121\nMOA+125:100\nMOA+124:21"
    (tax,) = read("INVOIC:D:93A:UN", body, "invoice_taxes")
    assert (tax["taxable_amount"], tax["tax_amount"], tax["tax_rate_pct"]) == ("100", "21", "21")


def test_events_of_transport(read: Read) -> None:
    body = """
    BGM+77+STAT-1+9
    DTM+137:20261107:102
    NAD+CA+CARR1::9++Fast Trucks
    CNI+1+CONS-5
    RFF+SRN:DES587441
    STS+1+24
    DTM+334:202611061130:203
    LOC+5+DEHAM::6:Hamburg
    TDT+20++30
    STS+1+21+98:::left at gate
    DTM+78:202611091015:203
    LOC+7+DKAAR::6:Aarhus
    EQD+CN+MSKU1234565
    FTX+AAI+++signed
    GID+1
    CNI+2+CONS-6
    STS+1+12
    DTM+334:20261108:102
    """
    first, second, third = read("IFTSTA:D:96A:UN", body, "statuses")
    assert first == {
        "position": "message 1, STS 1, line 1", "document_id": "STAT-1", "document_date": "2026-11-07",
        "consignment_id": "CONS-5", "consignment_ordinal": "1", "event_ordinal": "1", "shipment_reference": "DES587441",
        "status_category": "1", "status_code": "24", "event_at": "2026-11-06T11:30:00", "event_time_code": "334",
        "location_code": "DEHAM", "location_name": "Hamburg", "location_function": "5", "country_code": "DE",
        "carrier_id": "CARR1", "carrier_name": "Fast Trucks", "transport_mode": "30", "transport_stage": "20",
        "message_faults": "none",
    }  # fmt: skip
    assert (second["status_code"], second["event_at"], second["reason_code"]) == ("21", "2026-11-09T10:15:00", "98")
    assert (second["reason_name"], second["equipment_id"], second["text"]) == ("left at gate", "MSKU1234565", "signed")
    assert second["other"] == "GID+1"
    assert (third["consignment_id"], third["event_at"], third.get("location_code")) == ("CONS-6", "2026-11-08", None)
    assert "shipment_reference" not in third
    (bare,) = read("IFTSTA:D:96A:UN", "BGM+77+STAT-2+9", "statuses")
    assert (bare["document_id"], bare["position"]) == ("STAT-2", "message 1, without STS, line 1")


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ("RFF+DQ:DES-1\nDTM+334:202011031450:203", "2020-11-03T14:50:00"),
        ("DTM+334:202011031450:203\nRFF+DQ:DES-1", "2020-11-03T14:50:00"),
        ("RFF+DQ:DES-1\nDTM+171:20201101:102\nDTM+45E:20201103:102", "2020-11-03"),
        ("RFF+DQ:DES-1\nDTM+171:20201101:102", ""),
    ],
)
def test_the_time_of_an_event_stands_also_behind_its_reference(read: Read, body: str, at: str) -> None:
    (row,) = read("IFTSTA:D:96A:UN", f"BGM+77+STAT-3+9\nCNI+1+CONS-5\nSTS+1+21\n{body}", "statuses")
    assert (row.get("event_at", ""), row["shipment_reference"]) == (at, "DES-1")
    assert ("DTM+171" in row.get("other", "")) == ("DTM+171" in body)


@pytest.mark.parametrize(("function", "faults"), [("9", "none"), ("7", "none"), ("1", "taken_back")])
def test_an_invoice_that_takes_one_back_is_no_invoice(read: Read, function: str, faults: str) -> None:
    body = f"BGM+380+INV-1+{function}\nDTM+137:20261107:102\nUNS+S\nMOA+77:120"
    (row,) = read("INVOIC:D:96A:UN", body, "invoices")
    assert row["message_faults"] == faults
    (row,) = read("INVOIC:D:96A:UN", body, "interchanges")
    assert (row["message_function"], row["message_faults"]) == (function, "none")


@pytest.mark.parametrize(
    ("answer", "code", "rejected", "errors"),
    [
        ("UCI+77+S:14+R:14+7", "accepted", "", ""), ("UCI+77+S+R+8", "received", "", ""),
        ("UCI+77+S+R+4+18", "rejected", "", "interchange: 18 error that is not specified"),
        ("UCI+77+S+R+1", "accepted", "", ""),
        ("UCI+77+S+R+7\nUCM+1+ORDERS:D:96A:UN+7\nUCM+2+ORDERS:D:96A:UN+4+13", "partially_accepted", "2",
         "2: 13 missing"),
        ("UCI+77+S+R+7\nUCM+1+ORDERS:D:96A:UN+7\nUCS+4+13\nUCD+12+2:1", "accepted_with_errors", "",
         "1 segment 4: 13 missing; 1 segment 4 element 2.1: 12 value is invalid"),
        ("UCI+77+S+R+8\nUCF+9+S+R+4+12\nUCM+1+ORDERS:D:96A:UN+4+13\nUCS+2\nUCD+39+1", "rejected", "1",
         "group 9: 12 value is invalid; 1: 13 missing; 1 segment 2 element 1: 39 too long"),
        ("UCI+77+S+R+7\nUCM+1+ORDERS:D:96A:UN+4+13\nUCM+2+ORDERS:D:96A:UN+4+13", "partially_accepted", "1 2",
         "1: 13 missing; 2: 13 missing"),
    ],
)  # fmt: skip
def test_what_a_partner_made_of_it(read: Read, answer: str, code: str, rejected: str, errors: str) -> None:
    (message_row,) = read("CONTRL:D:3:UN", answer, "interchanges")
    assert (message_row["acknowledgement_code"], message_row["acknowledged_interchange_number"]) == (code, "77")
    assert (message_row.get("rejected_message_number", ""), message_row.get("acknowledgement_errors", "")) == (
        rejected, errors,
    )  # fmt: skip
    details = read("CONTRL:D:3:UN", answer, "acknowledgements")
    assert len(details) == len(answer.splitlines())
    levels = {"UCI": "interchange", "UCF": "group", "UCM": "message", "UCS": "segment", "UCD": "element"}
    assert [row["level"] for row in details] == [levels[line[:3]] for line in answer.splitlines()]


# -- what is written is read back ---------------------------------------------------------------------------

CONTROLS = "".join(map(chr, range(0x7F, 0xA0)))
TEXT = (
    st.text(
        st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters=CONTROLS),
        min_size=1,
        max_size=30,
    )
    .map(lambda text: text.strip())
    .filter(lambda text: bool(text) and "\xa0" not in text and "\xad" not in text)
)
DAY = st.dates(min_value=datetime(2000, 1, 1).date(), max_value=datetime(2035, 12, 31).date()).map(
    lambda d: d.isoformat()
)
QUANTITY = st.decimals(min_value=Decimal("0.001"), max_value=Decimal(99999), places=3).map(str)
STYLES = st.sampled_from([
    Style(), Style(advice=False), Style("*", "|", "\\", "~"), Style(between="\r\n"), Style(between=""),
    Style("\x1f", "\x1d", "?", "\x1c"), Style(syntax="UNOY:3", encoding="utf-8"),
])  # fmt: skip
LINE = st.fixed_dictionaries(
    {"product": TEXT, "name": TEXT, "quantity": QUANTITY, "unit": st.sampled_from(["PCE", "KGM"])}
)
DOCUMENT = st.fixed_dictionaries(
    {"number": TEXT, "day": DAY, "firm": TEXT, "order": TEXT, "lines": st.lists(LINE, min_size=1, max_size=4)}
)


def is_utf8(content: bytes) -> bool:
    """Whether the bytes are UTF-8, too."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def written(document: Any, kind: str, code: str, quantity: str) -> Segments:
    """An order or a despatch advice of one package."""
    segments: Segments = [
        ("BGM", code, document["number"], "9"),
        date(document["day"], "137"),
        ("RFF", ("ON", document["order"])),
        party("BY", "1", document["firm"]),
    ]
    segments += [("CPS", "1")] if kind == "DESADV" else []
    for number, line in enumerate(document["lines"], 1):
        segments += [
            ("LIN", str(number)),
            ("PIA", "1", (line["product"], "SA")),
            ("IMD", "F", "", ("", "", "", line["name"])),
            ("QTY", (quantity, line["quantity"], line["unit"])),
        ]
    return segments if kind == "DESADV" else [*segments, ("UNS", "S")]


@pytest.mark.parametrize(
    ("kind", "code", "quantity", "table", "columns"),
    [
        ("ORDERS", "220", "21", "order_lines", ("order_id", "ordered_quantity")),
        ("DESADV", "351", "12", "despatch_lines", ("despatch_id", "despatched_quantity")),
    ],
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(documents=st.lists(DOCUMENT, min_size=1, max_size=3), style=STYLES)
def test_what_is_written_is_read_back(
    kind: str,
    code: str,
    quantity: str,
    table: str,
    columns: tuple[str, str],
    documents: Any,
    style: Style,
    tmp_path: Path,
) -> None:
    bodies = [
        message(style, str(n), f"{kind}:D:96A:UN:EAN005", written(document, kind, code, quantity))
        for n, document in enumerate(documents, 1)
    ]
    path = tmp_path / "file.edi"
    content = interchange(bodies, sender="S", receiver="R", number="9", at=AT, style=style)
    assume(
        style.encoding == "utf-8" or content.isascii() or not is_utf8(content)
    )  # such a file is read as UTF-8, and told
    path.write_bytes(content)
    found = [
        (
            r[columns[0]],
            r["line_id"],
            r["supplier_product_id"],
            r["item_name"],
            r[columns[1]],
            r["unit_code"],
            r["document_date"],
        )
        for r in rows_of(path, table)
    ]
    assert found == [
        (d["number"], str(n), line["product"], line["name"], line["quantity"], line["unit"], d["day"])
        for d in documents
        for n, line in enumerate(d["lines"], 1)
    ]
    heads = rows_of(path, {"ORDERS": "orders", "DESADV": "despatches"}[kind])
    assert [h["buyer_name"] for h in heads] == [d["firm"] for d in documents]
    segments = rows_of(path, "segments")
    assert len(segments) == sum(len(body) - 1 for body in bodies)
