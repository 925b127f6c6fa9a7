"""Rules about the syntax: each finds its fault in the XML, and a message that is given twice in part loses nothing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.extract.messages.einvoice import parse
from pipelines.extract.messages.en16931 import broken, syntax, syntax_cii, syntax_ubl
from tests.samples.invoice_cii import cii
from tests.samples.invoice_writer import Bill, Change, Line, Party, ubl
from tests.unit.extract.messages.syntax_trips import TRIPS, changed

SELLER = Party("Sample Seller", "DE136695976", "Weg 1", "Aalen", "73430")
BUYER = Party("Sample Buyer", "", "Weg 2", "Ulm", "89073")
BILL = Bill(
    "R-1", dt.date(2026, 10, 1), SELLER, BUYER, [Line("1", "Screws", Decimal(3), Decimal("50"), "S", Decimal(19))],
    due=dt.date(2026, 10, 31), preceding="R-0", prepaid=Decimal(10),
    changes=[
        Change(Decimal(5), "Bonus", "S", Decimal(19)), Change(Decimal(2), "Freight", "S", Decimal(19), is_charge=True),
    ],
)  # fmt: skip
SOUND = {"ubl": ubl(BILL), "cii": cii(BILL)}


def ids(folder: Path, content: bytes) -> set[str]:
    path = folder / "invoice.xml"
    path.write_bytes(content)
    return {found.rule for found in broken(parse(path, path.name))}


@pytest.mark.parametrize("syntax", SOUND)
def test_a_sound_message_breaks_nothing(syntax: str, tmp_path: Path) -> None:
    assert ids(tmp_path, SOUND[syntax]) == set()


def test_every_rule_about_the_syntax_has_a_message_that_breaks_it() -> None:
    assert set(TRIPS) - {"PEPPOL-EN16931-R101"} == {
        rule.id for module in (syntax, syntax_cii, syntax_ubl) for rule in module.RULES
    }


@pytest.mark.parametrize("rule", TRIPS)
def test_each_rule_finds_its_fault(rule: str, tmp_path: Path) -> None:
    syntax, steps = TRIPS[rule]
    assert rule in ids(tmp_path, changed(SOUND[syntax], steps))


@pytest.mark.parametrize("syntax", SOUND)
def test_rules_of_the_other_syntax_are_not_asked(syntax: str, tmp_path: Path) -> None:
    other = "CII-" if syntax == "ubl" else "UBL-"
    for of, steps in TRIPS.values():
        if of == syntax:
            found = ids(tmp_path, changed(SOUND[syntax], steps))
            assert not any(rule.startswith(other) for rule in found)
