"""IT-R, NL-R, GR-R, DE-R, and those of `nordic`: what Peppol asks of sellers of single countries.

Where the seller is, some countries take from the VAT number, the others from the address. The German rules are those of
XRechnung under other ids.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from stdnum.gr import vat as greek

from pipelines.extract.messages.en16931 import nordic, xrechnung
from pipelines.extract.messages.en16931.rule import BusinessRule, Found, View, place
from pipelines.extract.messages.en16931.seller import (
    Check,
    are_in,
    described,
    filled,
    is_credit,
    is_in,
    is_seller_of,
    national,
    only,
    payments,
    schemed,
    seller_country,
    valid,
)

_GREEK_TYPES = frozenset({"1.1", "1.6", "2.1", "2.4", "5.1", "5.2"})
_MARK, _URL, _DEADLINE = "##M.AR.K##", "##INVOICE|URL##", "EINDAGI"


def _are_greek(view: View) -> bool:
    buyer = view.text("BT-48")[:2].upper() or view.text("BT-55").upper()
    return is_seller_of("EL GR", view) and buyer in ("EL", "GR")


def _is_vat_greek(text: str) -> bool:
    return text[:2] == "EL" and _is_tin(text[2:])


def _is_tin(text: str) -> bool:
    return re.fullmatch("[0-9]{9}", text) is not None and greek.is_valid(text)


def _credited(view: View) -> Iterator[Found]:
    if is_credit(view, "81", "83", "381", "396", "532") and not view.text("BT-25"):
        yield Found(place(view.invoice), "", "BT-25")


def _represented(view: View) -> Iterator[Found]:
    return iter(filled("BG-12", "BT-64", "BT-66", "BT-67")(view) if view.text("BT-69").upper() == "NL" else ())


def _payable(view: View) -> Iterator[Found]:
    due = view.amount("BT-115")
    owed = due is not None and (due < 0 if is_credit(view, "381") else due > 0)
    if owed and not view.groups("BG-16"):
        yield Found(place(view.invoice), "", "BG-16")


def _ordered(view: View) -> Iterator[Found]:
    if view.has("BT-132") and not view.has("BT-13"):
        yield Found(place(view.terms("BT-132")[0].group, "BT-132"), "", "BT-13")


def _segment(is_right: Callable[[View, list[str]], bool], expected: str) -> Check:
    """The number of a Greek invoice has six parts: tax number, day, branch, type, series, serial number."""

    def check(view: View) -> Iterator[Found]:
        parts = view.text("BT-1").split("|")
        if not is_right(view, [*parts, *[""] * (6 - len(parts))]):
            yield Found(place(view.invoice, "BT-1"), f"{len(parts)} parts", expected)

    return check


def _own_number(view: View, parts: list[str]) -> bool:
    own = {placed.text[2:11] for placed in view.terms("BT-31", "BT-63")}
    return _is_tin(parts[0].strip()) and parts[0] in own


def _count(description: str, *times: int) -> Check:
    def check(view: View) -> Iterator[Found]:
        if (found := len(described(view, description))) not in times:
            yield Found(place(view.invoice), f"{found} times", f"{description} {' or '.join(map(str, times))} times")

    return check


def _mark(view: View) -> Iterator[Found]:
    for document in described(view, _MARK):
        if not re.match("[1-9]", document.text("BT-122") or ""):
            yield Found(place(document, "BT-122"), "", "a whole number above 0")


def _address_of_invoice(view: View) -> Iterator[Found]:
    for document in described(view, _URL):
        if not document.text("BT-124"):
            yield Found(place(document), "", "BT-124")


def _greek_endpoint(name: str) -> Check:
    def check(view: View) -> Iterator[Found]:
        for placed in view.terms(name):
            if placed.term.attributes.get("scheme") != "9933" or not _is_tin(placed.text):
                yield Found(place(placed.group, name), f"{len(placed.text)} characters", "a tax number of scheme 9933")

    return check


_italian, _hellenic = partial(is_seller_of, "IT"), partial(is_seller_of, "EL GR")
_in_nl, _both_nl, _both_de = partial(is_in, "NL"), partial(are_in, "NL"), partial(are_in, "DE")


def _in_greece(view: View) -> bool:
    return _hellenic(view) and is_in("GR", view)


def _sends_from_greece(view: View) -> bool:
    return seller_country(view, represented=False) in ("EL", "GR")


_ITALY = [
    national(_italian, "IT-R-001", "Italian seller: the tax number has not 11 to 16 characters (BT-32)",
        "italienischer Verkäufer: die Steuernummer hat nicht 11 bis 16 Zeichen (BT-32)",
        valid("BT-32", lambda text: re.fullmatch("[A-Z0-9]{11,16}", text) is not None, "11 to 16 characters")),
    *(national(_italian, rule, f"Italian seller: {en} is missing ({term})",
          f"italienischer Verkäufer: {de} ({term}) fehlt", filled("BG-5", term))
      for rule, term, en, de in (("IT-R-002", "BT-35", "the street", "die Straße"),
                                 ("IT-R-003", "BT-37", "the city", "der Ort"),
                                 ("IT-R-004", "BT-38", "the postal code", "die Postleitzahl"))),
]  # fmt: skip
_NETHERLANDS = [
    national(_in_nl, "NL-R-001", "Dutch seller: a credit note does not name the invoice (BT-25)",
        "niederländischer Verkäufer: eine Gutschrift nennt die Rechnung nicht (BT-25)", _credited),
    national(_in_nl, "NL-R-002", "Dutch seller: his street, city or postal code is missing (BT-35, BT-37, BT-38)",
        "niederländischer Verkäufer: dessen Straße, Ort oder Postleitzahl fehlt (BT-35, BT-37, BT-38)",
        filled("BG-5", "BT-35", "BT-37", "BT-38")),
    national(_in_nl, "NL-R-003", "Dutch seller: the registration is neither KVK nor OIN (BT-30)",
        "niederländischer Verkäufer: die Registrierung ist weder KVK noch OIN (BT-30)",
        schemed("BT-30", "0106", "0190")),
    national(_both_nl, "NL-R-004", "Dutch buyer: street, city or postal code is missing (BT-50, BT-52, BT-53)",
        "niederländischer Käufer: Straße, Ort oder Postleitzahl fehlt (BT-50, BT-52, BT-53)",
        filled("BG-8", "BT-50", "BT-52", "BT-53")),
    national(_both_nl, "NL-R-005", "Dutch buyer: the registration is neither KVK nor OIN (BT-47)",
        "niederländischer Käufer: die Registrierung ist weder KVK noch OIN (BT-47)",
        schemed("BT-47", "0106", "0190")),
    national(_in_nl, "NL-R-006", "Dutch representative: street, city or postal code is missing (BT-64, BT-66, BT-67)",
        "niederländischer Vertreter: Straße, Ort oder Postleitzahl fehlt (BT-64, BT-66, BT-67)", _represented),
    national(_in_nl, "NL-R-007", "Dutch seller: something is to be paid, but no means of payment is given (BG-16)",
        "niederländischer Verkäufer: etwas ist zu zahlen, aber kein Zahlungsmittel genannt (BG-16)", _payable),
    national(_both_nl, "NL-R-008", "Dutch seller and buyer: the payment means is none of those allowed (BT-81)",
        "niederländischer Verkäufer und Käufer: das Zahlungsmittel ist nicht erlaubt (BT-81)",
        payments(lambda it: it.text("BT-81") in ("30", "48", "49", "57", "58", "59"), "30, 48, 49, 57, 58 or 59")),
    national(_in_nl, "NL-R-009", "Dutch seller: a line refers to an order, the invoice does not (BT-132, BT-13)",
        "niederländischer Verkäufer: eine Position nennt eine Bestellung, die Rechnung nicht (BT-132, BT-13)",
        _ordered),
]  # fmt: skip
_GREECE = [
    *(national(_hellenic, f"GR-R-001-{n}", f"Greek seller: {en} (BT-1)", f"griechischer Verkäufer: {de} (BT-1)",
          _segment(is_right, expected))
      for n, en, de, is_right, expected in (
          (1, "the number of the invoice has not six parts", "die Rechnungsnummer hat nicht sechs Teile",
           lambda view, parts: view.text("BT-1").count("|") == 5, "six parts"),
          (2, "the first part is not the tax number of seller or representative",
           "der erste Teil ist nicht die Steuernummer von Verkäufer oder Vertreter", _own_number, "a tax number"),
          (3, "the second part is not the date of the invoice", "der zweite Teil ist nicht das Rechnungsdatum",
           lambda view, parts: "-".join(reversed(parts[1].split("/"))) == view.text("BT-2"), "DD/MM/YYYY"),
          (4, "the third part is no whole number", "der dritte Teil ist keine ganze Zahl",
           lambda _, parts: re.fullmatch("[0-9]+", parts[2].strip()) is not None, "a number"),
          (5, "the fourth part is no Greek type of document", "der vierte Teil ist keine griechische Belegart",
           lambda _, parts: parts[3] in _GREEK_TYPES, ", ".join(sorted(_GREEK_TYPES))),
          (6, "the fifth part is empty", "der fünfte Teil ist leer", lambda _, parts: bool(parts[4]), "a series"),
          (7, "the sixth part is empty", "der sechste Teil ist leer", lambda _, parts: bool(parts[5]), "a number"))),
    national(_hellenic, "GR-R-002", "Greek seller: the registered name is missing (BT-28)",
        "griechischer Verkäufer: der eingetragene Name (BT-28) fehlt", filled("BG-4", "BT-28")),
    national(_hellenic, "GR-R-003", "Greek seller: the VAT number is not EL and a tax number (BT-31)",
        "griechischer Verkäufer: die Umsatzsteuernummer ist nicht EL und eine Steuernummer (BT-31)",
        valid("BT-31", _is_vat_greek, "EL and nine digits")),
    national(_hellenic, "GR-S-011", "Greek seller: there is no VAT number of EL and a tax number (BT-31)",
        "griechischer Verkäufer: eine Umsatzsteuernummer aus EL und Steuernummer fehlt (BT-31)",
        valid("BT-31", _is_vat_greek, "EL and nine digits", warns_of_none=True), "warning"),
    national(_in_greece, "GR-R-004-1", "Greek seller: there is not one MARK number (BG-24)",
        "griechischer Verkäufer: es gibt nicht genau eine MARK-Nummer (BG-24)", _count(_MARK, 1)),
    national(_in_greece, "GR-R-004-2", "Greek seller: the MARK number is no whole number above 0 (BT-122)",
        "griechischer Verkäufer: die MARK-Nummer ist keine ganze Zahl über 0 (BT-122)", _mark),
    national(_in_greece, "GR-S-008-1", "Greek seller: there is not one address of the invoice (BG-24)",
        "griechischer Verkäufer: es gibt nicht genau eine Adresse der Rechnung (BG-24)", _count(_URL, 1), "warning"),
    national(_in_greece, "GR-R-008-2", "Greek seller: there is more than one address of the invoice (BG-24)",
        "griechischer Verkäufer: es gibt mehr als eine Adresse der Rechnung (BG-24)", _count(_URL, 0, 1)),
    national(_hellenic, "GR-R-008-3", "Greek seller: the address of the invoice is missing (BT-124)",
        "griechischer Verkäufer: die Adresse der Rechnung (BT-124) fehlt", _address_of_invoice),
    national(_hellenic, "GR-R-005", "Greek seller: the full name of the buyer is missing (BT-45)",
        "griechischer Verkäufer: der volle Name des Käufers (BT-45) fehlt", filled("BG-7", "BT-45")),
    national(_sends_from_greece, "GR-R-009", "Greek seller: the electronic address is no number of scheme 9933 (BT-34)",
        "griechischer Verkäufer: die elektronische Adresse ist keine Steuernummer vom Schema 9933 (BT-34)",
        _greek_endpoint("BT-34")),
    national(_are_greek, "GR-R-006", "Greek buyer: there is no VAT number of EL and a tax number (BT-48)",
        "griechischer Käufer: eine Umsatzsteuernummer aus EL und Steuernummer fehlt (BT-48)",
        valid("BT-48", _is_vat_greek, "EL and nine digits", warns_of_none=True)),
    national(_are_greek, "GR-R-010", "Greek buyer: the electronic address is no tax number of scheme 9933 (BT-49)",
        "griechischer Käufer: die elektronische Adresse ist keine Steuernummer vom Schema 9933 (BT-49)",
        _greek_endpoint("BT-49")),
]  # fmt: skip
_ADDRESS_IS_WHOLE = "BR-TMP-2"
_OF_XRECHNUNG = re.compile(r"BR-DE-(?P<number>\d+)(?:-(?P<part>[ab]))?")
_WARNINGS = frozenset({"017", "019", "020", "026", "027", "028", "T02"})


def _german() -> Iterator[BusinessRule]:
    for rule in xrechnung.RULES:
        found = _OF_XRECHNUNG.fullmatch(rule.id)
        if rule.id == _ADDRESS_IS_WHOLE:
            number = "T02"
        elif found is None or found["number"] == "21":
            continue
        else:
            number = f"{int(found['number']):03}" + {"a": "-1", "b": "-2", None: ""}[found["part"]]
        yield replace(
            rule,
            id=f"DE-R-{number}",
            en=f"German seller and buyer: {rule.en}",
            de=f"deutscher Verkäufer und Käufer: {rule.de}",
            check=partial(only, _both_de, rule.check),
            severity="warning" if number in _WARNINGS else "fatal",
        )


RULES = [*nordic.RULES, *_ITALY, *_NETHERLANDS, *_GREECE, *_german()]
IDS = tuple(f"{country}-" for country in ("NO", "DK", "IT", "SE", "NL", "IS", "GR", "DE"))
"""What their ids begin with."""
IN_UBL_ONLY = ("DE-", "GR-", "IS-", "DK-R-013", "DK-R-017")
"""DK-R-013 asks in CII for the scheme of a GlobalID, which our tree does not tell from an ID that needs none."""
