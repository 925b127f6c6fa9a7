"""INVOIC is judged by the sums of EN 16931: all rules where it names the standard, else what it carries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.extract.reader import read_table
from pipelines.profile import Format

INVOICE = """
BGM+380+R-2026-17
DTM+137:20261101:102
DTM+35:20261030:102
FTX+DOC+++urn?:cen.eu?:en16931?:2017
RFF+ON:PO-1
NAD+SE+4012345000009::9++Werk Nord GmbH+Hafenstrasse 1+Hamburg++20457+DE
FII+RB+DE02120300000000202051
RFF+VA:DE123456788
NAD+BY+5790000000005::9++Kaufhaus Nord+Nordre Gade 2+Aarhus++8000+DK
CUX+2:EUR
PYT+1
DTM+13:20261201:102
PYT+1
PAI+::58
ALC+A+Rabatt:95
MOA+204:10.00
TAX+7+VAT+++:::19+S
ALC+C+Fracht+++FC
MOA+23:25.00
TAX+7+VAT+++:::19+S
LIN+1++4000862141404:SRV
IMD+F++:::Schrauben
QTY+47:3:C62
MOA+203:285.00
PRI+AAA:95
TAX+7+VAT+++:::19+S
LIN+2++4000862141411:SRV
IMD+F++:::Buch
QTY+47:2:C62
MOA+203:40.00
PRI+AAA:20
TAX+7+VAT+++:::7+S
UNS+S
MOA+79:325.00
MOA+260:10.00
MOA+259:25.00
MOA+389:340.00
MOA+176:59.80
MOA+388:399.80
MOA+113:100.00
MOA+9:299.80
TAX+7+VAT+++:::19+S
MOA+125:300.00
MOA+124:57.00
TAX+7+VAT+++:::7+S
MOA+125:40.00
MOA+124:2.80
"""
CLAIM = "FTX+DOC+++urn?:cen.eu?:en16931?:2017\n"
TABLES = ("invoices", "invoice_lines", "invoice_taxes")


def judged(folder: Path, body: str, table: str = "invoices") -> tuple[set[str], Any]:
    """What all records of a table say is broken, and the facts of the file."""
    lines = body.strip().splitlines()
    inner = "'".join([*lines, f"UNT+{len(lines) + 2}+1"])
    text = f"UNB+UNOC:3+S+R+261109:1805+7'UNH+1+INVOIC:D:14B:UN'{inner}'UNZ+1+7'"
    path = folder / "invoice.edi"
    path.write_bytes(text.encode("latin-1"))
    with read_table(path, Format(type="edifact", table=table), "en_US") as reader:
        rows = [row for batch in reader.batches() for row in batch.to_pylist()]
    assert rows
    (faults,) = {row["message_faults"] for row in rows}
    return set(faults.split()) - {"none"}, reader.facts


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("claim", [CLAIM, ""], ids=["names the standard", "names none"])
def test_a_sound_invoice_breaks_nothing(tmp_path: Path, claim: str, table: str) -> None:
    assert judged(tmp_path, INVOICE.replace(CLAIM, claim), table)[0] == set()


WRONG = [
    ("MOA+203:285.00", "MOA+203:284.00", {"BR-CO-10", "BR-S-08"}, {"BR-CO-10"}),
    ("MOA+79:325.00", "MOA+79:352.00", {"BR-CO-10", "BR-CO-13"}, {"BR-CO-10"}),
    ("MOA+260:10.00", "MOA+260:11.00", {"BR-CO-11", "BR-CO-13"}, set()),
    ("MOA+259:25.00", "MOA+259:52.00", {"BR-CO-12", "BR-CO-13"}, set()),
    ("MOA+389:340.00", "MOA+389:341.00", {"BR-CO-13", "BR-CO-15"}, {"BR-CO-15"}),
    ("MOA+176:59.80", "MOA+176:58.90", {"BR-CO-14", "BR-CO-15"}, {"BR-CO-14", "BR-CO-15"}),
    ("MOA+388:399.80", "MOA+388:399.08", {"BR-CO-15", "BR-CO-16"}, {"BR-CO-15", "BR-CO-16"}),
    ("MOA+9:299.80", "MOA+9:399.80", {"BR-CO-16"}, {"BR-CO-16"}),
    ("MOA+124:57.00", "MOA+124:75.00", {"BR-CO-14", "BR-CO-17", "BR-S-09"}, {"BR-CO-14", "BR-CO-17"}),
    ("MOA+125:40.00", "MOA+125:80.00", {"BR-CO-17", "BR-S-08", "BR-S-09"}, {"BR-CO-17"}),
    ("MOA+79:325.00\n", "", {"BR-12", "BR-CO-10", "BR-CO-13"}, set()),
    ("MOA+9:299.80\n", "", {"BR-15", "BR-CO-16"}, set()),
    ("RFF+VA:DE123456788\n", "", {"BR-S-02", "BR-S-03", "BR-S-04"}, set()),
    ("++20457+DE", "++20457", {"BR-09"}, set()),
    ("QTY+47:2:C62", "QTY+47:2:PCS", {"BR-CL-23"}, set()),
]


@pytest.mark.parametrize(("right", "wrong", "of_standard", "else_"), WRONG, ids=[w[1] or w[0].strip() for w in WRONG])
def test_what_is_wrong_is_told_by_its_official_id(
    tmp_path: Path, right: str, wrong: str, of_standard: set[str], else_: set[str]
) -> None:
    assert INVOICE.count(right) == 1
    body = INVOICE.replace(right, wrong)
    for table in TABLES:
        assert judged(tmp_path, body, table)[0] == of_standard
        assert judged(tmp_path, body.replace(CLAIM, ""), table)[0] == else_


def test_the_place_of_a_broken_sum_is_told(tmp_path: Path) -> None:
    _, facts = judged(tmp_path, INVOICE.replace("MOA+9:299.80", "MOA+9:399.80"))
    (told,) = [w for w in facts.warnings if w.startswith("BR-CO-16, ")]
    assert told.endswith("1 (first message 1, BT-115, line 1: got 399.80, expected 299.80)")


def test_the_register_of_messages_knows_no_rules_of_invoices(tmp_path: Path) -> None:
    assert judged(tmp_path, INVOICE.replace("MOA+9:299.80", "MOA+9:399.80"), "interchanges")[0] == set()


def test_an_amount_that_may_explain_what_is_due_is_not_called_wrong(tmp_path: Path) -> None:
    """An invoice that names no standard may hold something back (MOA 53) that no rule of the standard knows."""
    body = INVOICE.replace(CLAIM, "").replace("MOA+9:299.80", "MOA+53:20.00\nMOA+9:279.80")
    assert judged(tmp_path, body)[0] == set()


def test_a_charge_that_only_the_summary_has_is_a_line(tmp_path: Path) -> None:
    body = INVOICE.replace("ALC+C+Fracht+++FC\nMOA+23:25.00\nTAX+7+VAT+++:::19+S\n", "").replace(
        "TAX+7+VAT+++:::7+S\nMOA+125:40.00", "ALC+C+++++\nMOA+23:25.00\nTAX+7+VAT+++:::7+S\nMOA+125:40.00"
    )
    judged(tmp_path, body.replace(CLAIM, ""), "invoice_lines")
    with read_table(tmp_path / "invoice.edi", Format(type="edifact", table="invoice_lines"), "en_US") as reader:
        rows = [row for batch in reader.batches() for row in batch.to_pylist()]
    assert [(r["line_id"], r["signed_line_amount"]) for r in rows][2:] == [
        ("allowance 1", "-10.00"),
        ("charge 2", "25.00"),
    ]
