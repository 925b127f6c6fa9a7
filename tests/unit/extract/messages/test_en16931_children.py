"""What Peppol wants exactly once below an element of UBL is asked for where it is missing, or is there twice."""

from __future__ import annotations

import copy
import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from pipelines.extract.messages.einvoice import parse
from pipelines.extract.messages.en16931 import RULES, broken
from pipelines.extract.messages.en16931.peppol_children import RULES as CHILDREN
from pipelines.extract.messages.ubl_children import CHILDREN as TABLE
from tests.samples.invoice_writer import Bill, Change, Line, Party, ubl
from tests.unit.extract.messages.invoices import SPECIFICATIONS

SELLER = Party("Sample Seller", "DE136695976", "Weg 1", "Aalen", "73430")
BUYER = Party("Sample Buyer", "FR12345678901", "Rue 2", "Lyon", "69001", country="FR")
BILL = Bill(
    "R-1", dt.date(2026, 10, 1), SELLER, BUYER, [Line("1", "Screws", Decimal(3), Decimal("50"), "S", Decimal(19))],
    due=dt.date(2026, 10, 31), preceding="R-0", prepaid=Decimal(10), terms="soon",
    changes=[Change(Decimal(5), "Bonus", "S", Decimal(19))],
)  # fmt: skip


def message(specification: str, *, is_credit: bool) -> Any:
    bill = Bill(**{**vars(BILL), "is_credit": is_credit, "specification": SPECIFICATIONS[specification]})
    return etree.fromstring(ubl(bill))


def ids(folder: Path, root: Any) -> set[str]:
    path = folder / "invoice.xml"
    path.write_bytes(etree.tostring(root))
    return {found.rule for found in broken(parse(path, path.name))}


def at(root: Any, path: str) -> Any:
    """The element at a path, made where it is not there."""
    element = root
    for name in path.split("/")[1:]:
        below = [child for child in element if etree.QName(child).localname == name]
        element = below[0] if below else etree.SubElement(element, name)
    return element


def children(element: Any, name: str) -> list[Any]:
    return [child for child in element if etree.QName(child).localname == name]


@pytest.mark.parametrize(("number", "path", "child"), TABLE)
@pytest.mark.parametrize("specification", ["peppol", "self_billing"])
def test_a_child_is_there_exactly_once(specification: str, number: str, path: str, child: str, tmp_path: Path) -> None:
    rule = f"PEPPOL-EN16931-R{number}"
    root = message(specification, is_credit=path.startswith("CreditNote"))
    parent = at(root, path)
    if not children(parent, child):
        etree.SubElement(parent, child).text = "x"
    assert rule not in ids(tmp_path, root)
    (only,) = children(parent, child)
    parent.insert(parent.index(only), copy.deepcopy(only))
    assert rule in ids(tmp_path, root)
    for one in children(parent, child):
        parent.remove(one)
    etree.SubElement(parent, "Other").text = "x"
    says_whose_it_is = child != "CustomizationID"
    assert (rule in ids(tmp_path, root)) == says_whose_it_is


def test_only_peppol_asks_for_them(tmp_path: Path) -> None:
    for specification, is_asked in (("core", False), ("xrechnung", False), ("peppol", True)):
        root = message(specification, is_credit=False)
        address = at(root, "Invoice/AccountingCustomerParty/Party/PostalAddress")
        address.append(copy.deepcopy(children(address, "Country")[0]))
        assert ("PEPPOL-EN16931-R217" in ids(tmp_path, root)) == is_asked


def test_each_is_a_rule_of_its_own() -> None:
    assert len(CHILDREN) == len({rule.id for rule in CHILDREN}) == 137
    assert all(RULES[rule.id].severity == "fatal" for rule in CHILDREN)
