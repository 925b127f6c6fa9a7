"""Rules about the syntax: each finds its fault in the XML, and a message that is given twice in part loses nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from pipelines.errors import DeliveryError
from pipelines.extract.messages.einvoice import parse
from pipelines.extract.messages.en16931 import broken, syntax, syntax_cii, syntax_ubl, verdict
from tests.samples.invoice_cii import cii
from tests.samples.invoice_writer import Bill, Change, Line, Party, ubl
from tests.unit.extract.messages.invoices import SPECIFICATIONS
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


@pytest.mark.parametrize("profile", ["factur-x.eu:1p0:minimum", "factur-x.eu:1p0:basicwl", "factur-x.eu:1p0:extended"])
def test_a_total_of_vat_told_twice_is_named_in_every_profile(profile: str, tmp_path: Path) -> None:
    """With the currency of the invoice twice, and not with that of accounting beside it."""
    own = b'<ram:TaxTotalAmount currencyID="EUR">'
    message = SOUND["cii"].replace(SPECIFICATIONS["core"].encode(), f"urn:{profile}".encode())
    assert "KONTOR-03" in ids(tmp_path, message.replace(own, own + b"1.00</ram:TaxTotalAmount>" + own))
    other = b'<ram:TaxTotalAmount currencyID="SEK">1.00</ram:TaxTotalAmount>'
    assert "KONTOR-03" not in ids(tmp_path, message.replace(own, other + own))


def test_lines_of_the_other_message_are_read_and_named(tmp_path: Path) -> None:
    """A credit note whose lines are called as those of an invoice loses none of them."""
    path = tmp_path / "invoice.xml"
    credit = Bill(**{**vars(BILL), "is_credit": True})
    path.write_bytes(ubl(credit).replace(b"CreditNoteLine", b"InvoiceLine"))
    invoice = parse(path, path.name)
    assert len(invoice.all("BG-25")) == 1
    assert {found.rule for found in broken(invoice)} == {"KONTOR-02"}


def test_empty_groups_are_judged(tmp_path: Path) -> None:
    for steps, rule in ((". > BillingReference=", "BR-55"), (". > InvoicePeriod=", "BR-CO-19")):
        assert rule in ids(tmp_path, changed(SOUND["ubl"], steps))
    code = ". > InvoicePeriod/DescriptionCode=3"
    assert ids(tmp_path, changed(SOUND["ubl"], code)) == set()


@pytest.mark.parametrize("date", ["2026-10-01", "20261001"])
def test_a_date_of_cii_says_how_it_is_written(date: str, tmp_path: Path) -> None:
    """What looks right without a format is no date by the standard, and is read all the same."""
    message = changed(SOUND["cii"], f"ExchangedDocument/IssueDateTime/DateTimeString = {date}")
    assert ids(tmp_path, message) == ({"CII-DT-097"} if "-" in date else set())
    assert "BR-03" in ids(tmp_path, message.replace(b' format="102"', b""))


# -- fragments --------------------------------------------------------------------------------------------


def _drop(element: Any, _: str) -> None:
    element.getparent().remove(element)


def _double(element: Any, _: str) -> None:
    element.addnext(etree.fromstring(etree.tostring(element)))


def _empty(element: Any, _: str) -> None:
    element[:] = []
    element.text = None


def _say(element: Any, text: str) -> None:
    element.text = text


def _mark(element: Any, text: str) -> None:
    for name in (*element.attrib, "schemeID"):
        element.set(name, text)


CHANGES: list[Callable[[Any, str], None]] = [_drop, _double, _empty, _say, _mark]
STEPS = st.lists(
    st.tuples(
        st.integers(0, 10_000),
        st.sampled_from(CHANGES),
        st.sampled_from(["", " ", "x", "-1", "1e999", "NaN", "00000000", "20261301", "9" * 60, "é|#|", "DK", "50"]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    syntax=st.sampled_from(sorted(SOUND)), steps=STEPS, specification=st.sampled_from(sorted(SPECIFICATIONS.values()))
)
def test_whatever_is_left_of_a_message_gets_a_verdict(
    syntax: str, steps: list[tuple[int, Callable[[Any, str], None], str]], specification: str, tmp_path: Path
) -> None:
    """Fragments are refused with their place, or judged; nothing else comes out."""
    root = etree.fromstring(SOUND[syntax].replace(BILL.specification.encode(), specification.encode()))
    for number, change, text in steps:
        if below := list(root.iterdescendants()):
            change(below[number % len(below)], text)
    path = tmp_path / "invoice.xml"
    path.write_bytes(etree.tostring(root))
    try:
        invoice = parse(path, path.name)
    except DeliveryError as error:
        assert "invoice.xml" in str(error)
    else:
        found = broken(invoice)
        said = verdict(invoice, found)
        assert bool(found) == (set(said) != {"none"})
        assert all(one.where for one in found)
