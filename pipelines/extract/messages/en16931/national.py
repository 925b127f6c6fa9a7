"""NO-R, DK-R, IT-R, SE-R, NL-R, IS-R, GR-R, DE-R: what Peppol asks of sellers of single countries.

Where the seller is, some countries take from the VAT number, the others from the address. The German rules are those of
XRechnung under other ids. Left out: DK-R-017 and DE-R-T02, whose text we do not have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial

from stdnum import luhn
from stdnum.gr import vat as greek
from stdnum.no import orgnr

from pipelines.extract.messages.en16931 import xrechnung
from pipelines.extract.messages.en16931.presence import day, tells
from pipelines.extract.messages.en16931.rule import BusinessRule, Found, Severity, View, amount_of, place
from pipelines.extract.messages.invoice import Group

Check = Callable[[View], Iterable[Found]]
Condition = Callable[[View], bool]
_PARTS = (("BT-97", "BT-98"), ("BT-104", "BT-105"), ("BT-139", "BT-140"), ("BT-144", "BT-145"))
"""Allowances and charges: reason, code of the reason."""
_RATES = (("BT-95", "BT-96"), ("BT-102", "BT-103"), ("BT-118", "BT-119"), ("BT-151", "BT-152"))
"""VAT category, rate."""
_CARDS = {"DK-R-008": ("50", ("01#", "04#", "15#"), 7), "DK-R-010": ("93", ("71#", "73#", "75#"), 8)}
"""Rule → payment means, the card types that the reference begins with, length of the account."""
_FULL_CARDS = {"DK-R-009": ("50", ("04#", "15#"), (19,)), "DK-R-011": ("93", ("71#", "75#"), (18, 19))}
_DANISH_MEANS = ("1", "10", "31", "42", "48", "49", "50", "58", "59", "93", "97")
_GREEK_TYPES = frozenset({"1.1", "1.6", "2.1", "2.4", "5.1", "5.2"})
_MARK, _URL, _DEADLINE = "##M.AR.K##", "##INVOICE|URL##", "EINDAGI"
_TAXED = "GODKÄND FÖR F-SKATT"


# -- who it is about --------------------------------------------------------------------------------------


def _by_vat(view: View, *, represented: bool = True) -> str:
    numbers = ("BT-31", "BT-63") if represented else ("BT-31",)
    return next((view.text(name)[:2].upper() for name in numbers if view.text(name)), view.text("BT-40").upper())


def _is_seller_of(countries: str, view: View) -> bool:
    return _by_vat(view) in countries.split()


def _is_in(country: str, view: View) -> bool:
    return view.text("BT-40").upper() == country


def _are_in(country: str, view: View) -> bool:
    return _is_in(country, view) and view.text("BT-55").upper() == country


def _is_swedish(view: View) -> bool:
    return _is_in("SE", view) and view.text("BT-31")[:2] == "SE"


def _are_greek(view: View) -> bool:
    buyer = view.text("BT-48")[:2].upper() or view.text("BT-55").upper()
    return _is_seller_of("EL GR", view) and buyer in ("EL", "GR")


def _only(condition: Condition, check: Check, view: View) -> Iterable[Found]:
    return check(view) if condition(view) else ()


# -- what is asked ----------------------------------------------------------------------------------------


def _filled(group: str, *names: str) -> Check:
    """Each group of that name has all these terms."""

    def check(view: View) -> Iterator[Found]:
        for one in view.groups(group):
            missing = [name for name in names if not one.text(name)]
            if missing:
                yield Found(place(one), "", " and ".join(missing))

    return check


def _schemed(name: str, *schemes: str, wanted: bool = False) -> Check:
    """The terms of a name are of these schemes; `wanted`: there is one."""

    def check(view: View) -> Iterator[Found]:
        if wanted and not view.text(name):
            yield Found(place(view.invoice), "", name)
        for placed in view.terms(name):
            got = placed.term.attributes.get("scheme", "").strip()
            if got not in schemes or not placed.text:
                yield Found(place(placed.group, name), got or "no scheme", " or ".join(schemes))

    return check


def _valid(name: str, is_valid: Callable[[str], bool], expected: str, *, warns_of_none: bool = False) -> Check:
    """The terms of a name are valid; what they are is not shown, since it may be personal."""

    def check(view: View) -> Iterator[Found]:
        if warns_of_none and not view.has(name):
            yield Found(place(view.invoice), "", name)
        for placed in view.terms(name):
            if not is_valid(placed.text):
                yield Found(place(placed.group, name), f"{len(placed.text)} characters", expected)

    return check


def _means(is_right: Callable[[Group], bool], expected: str, *codes: str) -> Check:
    """Payments by these means (none: by any) are right."""

    def check(view: View) -> Iterator[Found]:
        for means in view.groups("BG-16"):
            if (not codes or means.text("BT-81") in codes) and not is_right(means):
                yield Found(place(means), f"means {means.text('BT-81')}", expected)

    return check


def _account(means: Group) -> str:
    return next((account.text("BT-84") or "" for account in means.all("BG-17")), "")


def _bank(means: Group) -> str:
    return next((account.text("BT-86") or "" for account in means.all("BG-17")), "")


def _reference(means: Group) -> str:
    return means.text("BT-83") or ""


def _has_mandate(means: Group) -> bool:
    return any(mandate.text("BT-89") and mandate.text("BT-91") for mandate in means.all("BG-19"))


def _is_giro(bank: str, form: str, means: Group) -> bool:
    return _bank(means) != bank or re.fullmatch(form, _account(means)) is not None


def _is_vat_no(text: str) -> bool:
    return text[:2] != "NO" or (re.fullmatch(r"NO[0-9]{9}MVA", text) is not None and orgnr.is_valid(text[2:11]))


def _is_vat_greek(text: str) -> bool:
    return text[:2] == "EL" and _is_tin(text[2:])


def _is_tin(text: str) -> bool:
    return re.fullmatch("[0-9]{9}", text) is not None and greek.is_valid(text)


def _is_organisation_se(text: str) -> bool:
    return text.isascii() and text.isdigit() and luhn.is_valid(text)


def _registered(view: View) -> Iterator[Found]:
    if not any(placed.text == "Foretaksregisteret" for placed in view.terms("BT-32")):
        yield Found(place(view.invoice), "", "BT-32 Foretaksregisteret")


def _legal_id(view: View) -> Iterator[Found]:
    if not view.text("BT-30"):
        yield Found(place(view.invoice), "", "BT-30")


def _not_negative(view: View) -> Iterator[Found]:
    due = view.amount("BT-115")
    if view.invoice.syntax == "ubl credit note" and due is not None and due < 0:
        yield Found(place(view.groups("BG-22")[0], "BT-115"), f"{due:f}", "0 or more")


def _identifiers(view: View) -> Iterator[Found]:
    for placed in view.terms("BT-29", "BT-46"):
        if not placed.term.attributes.get("scheme", "").strip():
            yield Found(place(placed.group), "no scheme", "a scheme")


def _unspsc(view: View) -> Iterator[Found]:
    for placed in view.terms("BT-158"):
        version = placed.term.attributes.get("scheme_version", "")
        if placed.term.attributes.get("scheme") == "TST" and version not in ("19.05.01", "19.0501"):
            yield Found(place(placed.group, "BT-158"), version, "19.0501")


def _other_taxes(view: View) -> Iterator[Found]:
    for reason, code in _PARTS:
        for placed in view.terms(code):
            said = placed.group.text(reason) or ""
            if placed.text == "ZZZ" and not re.fullmatch("[0-9]{4}", said):
                yield Found(place(placed.group, reason), f"{len(said)} characters", "four digits")


def _only_invoice(check: Check) -> Check:
    return lambda view: check(view) if view.invoice.syntax != "ubl credit note" else ()


def _swedish_rates(view: View) -> Iterator[Found]:
    for category, rate in _RATES:
        for placed in view.terms(category):
            if placed.text == "S" and amount_of(placed.group, rate) not in (6, 12, 25):
                yield Found(place(placed.group, rate), placed.group.text(rate) or "", "6, 12 or 25")


def _tax_approved(view: View) -> Iterator[Found]:
    for placed in view.terms("BT-32") if view.has("BT-30") else ():
        if placed.text.upper() != _TAXED:
            yield Found(place(placed.group, "BT-32"), f"{len(placed.text)} characters", "Godkänd för F-skatt")


def _credited(view: View) -> Iterator[Found]:
    if view.invoice.syntax == "ubl credit note" and not view.text("BT-25"):
        yield Found(place(view.invoice), "", "BT-25")


def _represented(view: View) -> Iterator[Found]:
    return iter(_filled("BG-12", "BT-64", "BT-66", "BT-67")(view) if view.text("BT-69").upper() == "NL" else ())


def _payable(view: View) -> Iterator[Found]:
    due = view.amount("BT-115")
    owed = due is not None and (due < 0 if view.invoice.syntax == "ubl credit note" else due > 0)
    if owed and not view.groups("BG-16"):
        yield Found(place(view.invoice), "", "BG-16")


def _ordered(view: View) -> Iterator[Found]:
    if view.has("BT-132") and not view.has("BT-13"):
        yield Found(place(view.terms("BT-132")[0].group, "BT-132"), "", "BT-13")


def _described(view: View, description: str) -> list[Group]:
    return [document for document in view.groups("BG-24") if document.text("BT-123") == description]


def _deadline(is_right: Callable[[View, str], bool], expected: str) -> Check:
    def check(view: View) -> Iterator[Found]:
        for document in _described(view, _DEADLINE):
            if not is_right(view, document.text("BT-122") or ""):
                yield Found(place(document, "BT-122"), document.text("BT-122") or "", expected)

    return check


def _type_is(view: View) -> Iterator[Found]:
    if view.text("BT-3") not in ("380", "381"):
        yield Found(place(view.invoice, "BT-3"), view.text("BT-3"), "380 or 381")


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
        if (found := len(_described(view, description))) not in times:
            yield Found(place(view.invoice), f"{found} times", f"{description} {' or '.join(map(str, times))} times")

    return check


def _mark(view: View) -> Iterator[Found]:
    for document in _described(view, _MARK):
        if not re.match("[1-9]", document.text("BT-122") or ""):
            yield Found(place(document, "BT-122"), "", "a whole number above 0")


def _address_of_invoice(view: View) -> Iterator[Found]:
    for document in _described(view, _URL):
        if not document.text("BT-124"):
            yield Found(place(document), "", "BT-124")


def _greek_endpoint(name: str) -> Check:
    def check(view: View) -> Iterator[Found]:
        for placed in view.terms(name):
            if placed.term.attributes.get("scheme") != "9933" or not _is_tin(placed.text):
                yield Found(place(placed.group, name), f"{len(placed.text)} characters", "a tax number of scheme 9933")

    return check


# -- the rules --------------------------------------------------------------------------------------------


def _of(condition: Condition, rule: str, en: str, de: str, check: Check, severity: Severity = "fatal") -> BusinessRule:
    return tells(rule, en, de, partial(_only, condition, check), severity)


_norwegian, _italian, _hellenic = (partial(_is_seller_of, codes) for codes in ("NO", "IT", "EL GR"))
_in_dk, _in_se, _in_nl, _in_is = (partial(_is_in, code) for code in ("DK", "SE", "NL", "IS"))
_both_dk, _both_se, _both_nl, _both_is, _both_de = (partial(_are_in, code) for code in ("DK", "SE", "NL", "IS", "DE"))


def _in_greece(view: View) -> bool:
    return _hellenic(view) and _is_in("GR", view)


def _sends_from_greece(view: View) -> bool:
    return _by_vat(view, represented=False) in ("EL", "GR")


_NORWAY = [
    _of(_norwegian, "NO-R-001", "Norwegian seller: the VAT number is not NO, nine digits and MVA (BT-31)",
        "norwegischer Verkäufer: die Umsatzsteuernummer ist nicht NO, neun Ziffern und MVA (BT-31)",
        _valid("BT-31", _is_vat_no, "NO, nine digits, MVA")),
    _of(_norwegian, "NO-R-002", "Norwegian seller: the word Foretaksregisteret is missing (BT-32)",
        "norwegischer Verkäufer: das Wort Foretaksregisteret fehlt (BT-32)", _registered, "warning"),
]  # fmt: skip
_DENMARK = [
    _of(_in_dk, "DK-R-002", "Danish seller: the CVR number is missing (BT-30)",
        "dänischer Verkäufer: die CVR-Nummer (BT-30) fehlt", _legal_id),
    _of(_in_dk, "DK-R-014", "Danish seller: the registration is not of scheme 0184 (BT-30)",
        "dänischer Verkäufer: die Registrierung ist nicht vom Schema 0184 (BT-30)", _schemed("BT-30", "0184")),
    _of(_both_dk, "DK-R-016", "Danish seller: a credit note has a negative amount due (BT-115)",
        "dänischer Verkäufer: eine Gutschrift hat einen negativen fälligen Betrag (BT-115)", _not_negative),
    _of(_both_dk, "DK-R-013", "Danish seller: an identifier of seller or buyer has no scheme (BT-29, BT-46)",
        "dänischer Verkäufer: eine Kennung von Verkäufer oder Käufer hat kein Schema (BT-29, BT-46)", _identifiers),
    _of(_both_dk, "DK-R-003", "Danish seller: an item is not classified by UNSPSC 19.0501 (BT-158)",
        "dänischer Verkäufer: ein Artikel ist nicht nach UNSPSC 19.0501 klassifiziert (BT-158)", _unspsc, "warning"),
    _of(_both_dk, "DK-R-004", "Danish seller: a tax other than VAT (ZZZ) has no category of four digits as its reason",
        "dänischer Verkäufer: eine andere Steuer (ZZZ) hat keine vierstellige Kategorie als Grund", _other_taxes),
    _of(_both_dk, "DK-R-005", "Danish seller: the payment means is none of those allowed (BT-81)",
        "dänischer Verkäufer: das Zahlungsmittel ist nicht erlaubt (BT-81)",
        _only_invoice(_means(lambda it: it.text("BT-81") in _DANISH_MEANS,
                             ", ".join(_DANISH_MEANS)))),
    _of(_both_dk, "DK-R-006", "Danish seller: means 31 or 42 without account and registration number (BT-84, BT-86)",
        "dänischer Verkäufer: Zahlungsmittel 31 oder 42 ohne Konto und Registernummer (BT-84, BT-86)",
        _only_invoice(_means(lambda it: bool(_account(it) and _bank(it)), "BT-84 and BT-86", "31", "42"))),
    _of(_both_dk, "DK-R-007", "Danish seller: means 49 without mandate and account of the buyer (BT-89, BT-91)",
        "dänischer Verkäufer: Zahlungsmittel 49 ohne Mandat und Konto des Käufers (BT-89, BT-91)",
        _only_invoice(_means(_has_mandate, "BT-89 and BT-91", "49"))),
    *(_of(_both_dk, rule, f"Danish seller: means {code} without card type ({', '.join(cards)}) or account of {length} "
          "characters (BT-83, BT-84)", f"dänischer Verkäufer: Zahlungsmittel {code} ohne Kartenart ({', '.join(cards)})"
          f" oder Konto mit {length} Zeichen (BT-83, BT-84)",
          _only_invoice(_means(lambda it, cards=cards, length=length: _reference(it).startswith(cards)  # type: ignore[misc]
                               and len(_account(it)) == length, f"BT-83 and BT-84 of {length} characters", code)))
      for rule, (code, cards, length) in _CARDS.items()),
    *(_of(_both_dk, rule, f"Danish seller: card type {' or '.join(cards)} without its payment number (BT-83)",
          f"dänischer Verkäufer: Kartenart {' oder '.join(cards)} ohne Zahlungsnummer (BT-83)",
          _only_invoice(_means(lambda it, cards=cards, lengths=lengths: not _reference(it).startswith(cards)  # type: ignore[misc]
                               or len(_reference(it)) in lengths, f"{max(lengths)} characters", code)))
      for rule, (code, cards, lengths) in _FULL_CARDS.items()),
]  # fmt: skip
_ITALY = [
    _of(_italian, "IT-R-001", "Italian seller: the tax number has not 11 to 16 characters (BT-32)",
        "italienischer Verkäufer: die Steuernummer hat nicht 11 bis 16 Zeichen (BT-32)",
        _valid("BT-32", lambda text: re.fullmatch("[A-Z0-9]{11,16}", text) is not None, "11 to 16 characters")),
    *(_of(_italian, rule, f"Italian seller: {en} is missing ({term})",
          f"italienischer Verkäufer: {de} ({term}) fehlt", _filled("BG-5", term))
      for rule, term, en, de in (("IT-R-002", "BT-35", "the street", "die Straße"),
                                 ("IT-R-003", "BT-37", "the city", "der Ort"),
                                 ("IT-R-004", "BT-38", "the postal code", "die Postleitzahl"))),
]  # fmt: skip
_SWEDEN = [
    _of(_is_swedish, "SE-R-001", "Swedish seller: the VAT number has not 14 characters (BT-31)",
        "schwedischer Verkäufer: die Umsatzsteuernummer hat nicht 14 Zeichen (BT-31)",
        _valid("BT-31", lambda text: len(text) == 14, "14 characters")),
    _of(_is_swedish, "SE-R-002", "Swedish seller: the VAT number is not SE and digits (BT-31)",
        "schwedischer Verkäufer: die Umsatzsteuernummer ist nicht SE und Ziffern (BT-31)",
        _valid("BT-31", lambda text: text[2:14].isdecimal(), "SE and twelve digits")),
    _of(_in_se, "SE-R-003", "Swedish seller: the organisation number is no number (BT-30)",
        "schwedischer Verkäufer: die Organisationsnummer ist keine Zahl (BT-30)",
        _valid("BT-30", str.isdecimal, "digits")),
    _of(_in_se, "SE-R-004", "Swedish seller: the organisation number has not ten characters (BT-30)",
        "schwedischer Verkäufer: die Organisationsnummer hat nicht zehn Zeichen (BT-30)",
        _valid("BT-30", lambda text: len(text) == 10, "ten characters")),
    _of(_in_se, "SE-R-013", "Swedish seller: the check digit of the organisation number is wrong (BT-30)",
        "schwedischer Verkäufer: die Prüfziffer der Organisationsnummer ist falsch (BT-30)",
        _valid("BT-30", _is_organisation_se, "a valid check digit")),
    _of(_in_se, "SE-R-005", "Swedish seller: the tax registration is not Godkänd för F-skatt (BT-32)",
        "schwedischer Verkäufer: die Steuerregistrierung ist nicht Godkänd för F-skatt (BT-32)", _tax_approved),
    _of(_is_swedish, "SE-R-006", "Swedish seller: a standard rate is none of 6, 12 and 25",
        "schwedischer Verkäufer: ein Normalsatz ist nicht 6, 12 oder 25", _swedish_rates),
    *(_of(_in_se, rule, f"Swedish seller: the {name} account has not {en} (BT-84)",
          f"schwedischer Verkäufer: das {name}-Konto hat nicht {de} (BT-84)",
          _means(partial(_is_giro, f"SE:{name.upper()}", form), en, "30"), "warning")
      for rule, name, form, en, de in (("SE-R-007", "Plusgiro", "[0-9]*", "digits only", "nur Ziffern"),
                                       ("SE-R-010", "Plusgiro", ".{2,8}", "2 to 8 characters", "2 bis 8 Zeichen"),
                                       ("SE-R-008", "Bankgiro", "[0-9]*", "digits only", "nur Ziffern"),
                                       ("SE-R-009", "Bankgiro", ".{7,8}", "7 or 8 characters", "7 oder 8 Zeichen"))),
    _of(_in_se, "SE-R-011", "Swedish seller: Bankgiro and Plusgiro are means 30, not 50 or 56 (BT-81)",
        "schwedischer Verkäufer: Bankgiro und Plusgiro sind Zahlungsmittel 30, nicht 50 oder 56 (BT-81)",
        _means(lambda _: False, "30", "50", "56"), "warning"),
    _of(_both_se, "SE-R-012", "Swedish seller and buyer: a credit transfer is means 30, not 31 (BT-81)",
        "schwedischer Verkäufer und Käufer: eine Überweisung ist Zahlungsmittel 30, nicht 31 (BT-81)",
        _means(lambda _: False, "30", "31"), "warning"),
]  # fmt: skip
_NETHERLANDS = [
    _of(_in_nl, "NL-R-001", "Dutch seller: a credit note does not name the invoice (BT-25)",
        "niederländischer Verkäufer: eine Gutschrift nennt die Rechnung nicht (BT-25)", _credited),
    _of(_in_nl, "NL-R-002", "Dutch seller: street, city or postal code of the seller is missing (BT-35, BT-37, BT-38)",
        "niederländischer Verkäufer: dessen Straße, Ort oder Postleitzahl fehlt (BT-35, BT-37, BT-38)",
        _filled("BG-5", "BT-35", "BT-37", "BT-38")),
    _of(_in_nl, "NL-R-003", "Dutch seller: the registration is neither KVK nor OIN (BT-30)",
        "niederländischer Verkäufer: die Registrierung ist weder KVK noch OIN (BT-30)",
        _schemed("BT-30", "0106", "0190")),
    _of(_both_nl, "NL-R-004", "Dutch buyer: street, city or postal code is missing (BT-50, BT-52, BT-53)",
        "niederländischer Käufer: Straße, Ort oder Postleitzahl fehlt (BT-50, BT-52, BT-53)",
        _filled("BG-8", "BT-50", "BT-52", "BT-53")),
    _of(_both_nl, "NL-R-005", "Dutch buyer: the registration is neither KVK nor OIN (BT-47)",
        "niederländischer Käufer: die Registrierung ist weder KVK noch OIN (BT-47)",
        _schemed("BT-47", "0106", "0190")),
    _of(_in_nl, "NL-R-006", "Dutch representative: street, city or postal code is missing (BT-64, BT-66, BT-67)",
        "niederländischer Vertreter: Straße, Ort oder Postleitzahl fehlt (BT-64, BT-66, BT-67)", _represented),
    _of(_in_nl, "NL-R-007", "Dutch seller: something is to be paid, but no means of payment is given (BG-16)",
        "niederländischer Verkäufer: etwas ist zu zahlen, aber kein Zahlungsmittel genannt (BG-16)", _payable),
    _of(_both_nl, "NL-R-008", "Dutch seller and buyer: the payment means is none of those allowed (BT-81)",
        "niederländischer Verkäufer und Käufer: das Zahlungsmittel ist nicht erlaubt (BT-81)",
        _means(lambda it: it.text("BT-81") in ("30", "48", "49", "57", "58", "59"), "30, 48, 49, 57, 58 or 59")),
    _of(_in_nl, "NL-R-009", "Dutch seller: a line refers to an order, the invoice does not (BT-132, BT-13)",
        "niederländischer Verkäufer: eine Position nennt eine Bestellung, die Rechnung nicht (BT-132, BT-13)",
        _ordered),
]  # fmt: skip
_ICELAND = [
    _of(_in_is, "IS-R-001", "Icelandic seller: the type of the invoice is neither 380 nor 381 (BT-3)",
        "isländischer Verkäufer: der Rechnungstyp ist weder 380 noch 381 (BT-3)", _type_is, "warning"),
    _of(_in_is, "IS-R-002", "Icelandic seller: the number of scheme 0196 is missing (BT-30)",
        "isländischer Verkäufer: die Nummer vom Schema 0196 (BT-30) fehlt", _schemed("BT-30", "0196", wanted=True)),
    _of(_in_is, "IS-R-003", "Icelandic seller: street or postal code is missing (BT-35, BT-38)",
        "isländischer Verkäufer: Straße oder Postleitzahl fehlt (BT-35, BT-38)", _filled("BG-5", "BT-35", "BT-38")),
    _of(_both_is, "IS-R-004", "Icelandic buyer: the number of scheme 0196 is missing (BT-47)",
        "isländischer Käufer: die Nummer vom Schema 0196 (BT-47) fehlt", _schemed("BT-47", "0196", wanted=True)),
    _of(_both_is, "IS-R-005", "Icelandic buyer: street or postal code is missing (BT-50, BT-53)",
        "isländischer Käufer: Straße oder Postleitzahl fehlt (BT-50, BT-53)", _filled("BG-8", "BT-50", "BT-53")),
    *(_of(_in_is, rule, f"Icelandic seller: means {code} without an account of 12 digits (BT-84)",
          f"isländischer Verkäufer: Zahlungsmittel {code} ohne Konto mit 12 Ziffern (BT-84)",
          _means(lambda it: len(_account(it)) == 12, "12 digits", code))
      for rule, code in (("IS-R-006", "9"), ("IS-R-007", "42"))),
    _of(_in_is, "IS-R-008", "Icelandic seller: the deadline (EINDAGI) is no date (BT-122)",
        "isländischer Verkäufer: die Frist (EINDAGI) ist kein Datum (BT-122)",
        _deadline(lambda _, text: len(text) == 10 and day(text) is not None, "YYYY-MM-DD")),
    _of(_in_is, "IS-R-009", "Icelandic seller: a deadline (EINDAGI) without due date (BT-9)",
        "isländischer Verkäufer: eine Frist (EINDAGI) ohne Fälligkeit (BT-9)",
        _deadline(lambda view, _: view.has("BT-9"), "BT-9")),
    _of(_in_is, "IS-R-010", "Icelandic seller: the deadline (EINDAGI) is before the due date (BT-122, BT-9)",
        "isländischer Verkäufer: die Frist (EINDAGI) liegt vor der Fälligkeit (BT-122, BT-9)",
        _deadline(lambda view, text: view.has("BT-9") and view.text("BT-9") <= text, "not before BT-9")),
]  # fmt: skip
_GREECE = [
    *(_of(_hellenic, f"GR-R-001-{n}", f"Greek seller: {en} (BT-1)", f"griechischer Verkäufer: {de} (BT-1)",
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
    _of(_hellenic, "GR-R-002", "Greek seller: the registered name is missing (BT-28)",
        "griechischer Verkäufer: der eingetragene Name (BT-28) fehlt", _filled("BG-4", "BT-28")),
    _of(_hellenic, "GR-R-003", "Greek seller: the VAT number is not EL and a tax number (BT-31)",
        "griechischer Verkäufer: die Umsatzsteuernummer ist nicht EL und eine Steuernummer (BT-31)",
        _valid("BT-31", _is_vat_greek, "EL and nine digits")),
    _of(_hellenic, "GR-S-011", "Greek seller: there is no VAT number of EL and a tax number (BT-31)",
        "griechischer Verkäufer: eine Umsatzsteuernummer aus EL und Steuernummer fehlt (BT-31)",
        _valid("BT-31", _is_vat_greek, "EL and nine digits", warns_of_none=True), "warning"),
    _of(_in_greece, "GR-R-004-1", "Greek seller: there is not one MARK number (BG-24)",
        "griechischer Verkäufer: es gibt nicht genau eine MARK-Nummer (BG-24)", _count(_MARK, 1)),
    _of(_in_greece, "GR-R-004-2", "Greek seller: the MARK number is no whole number above 0 (BT-122)",
        "griechischer Verkäufer: die MARK-Nummer ist keine ganze Zahl über 0 (BT-122)", _mark),
    _of(_in_greece, "GR-S-008-1", "Greek seller: there is not one address of the invoice (BG-24)",
        "griechischer Verkäufer: es gibt nicht genau eine Adresse der Rechnung (BG-24)", _count(_URL, 1), "warning"),
    _of(_in_greece, "GR-R-008-2", "Greek seller: there is more than one address of the invoice (BG-24)",
        "griechischer Verkäufer: es gibt mehr als eine Adresse der Rechnung (BG-24)", _count(_URL, 0, 1)),
    _of(_hellenic, "GR-R-008-3", "Greek seller: the address of the invoice is missing (BT-124)",
        "griechischer Verkäufer: die Adresse der Rechnung (BT-124) fehlt", _address_of_invoice),
    _of(_hellenic, "GR-R-005", "Greek seller: the full name of the buyer is missing (BT-45)",
        "griechischer Verkäufer: der volle Name des Käufers (BT-45) fehlt", _filled("BG-7", "BT-45")),
    _of(_sends_from_greece, "GR-R-009", "Greek seller: the electronic address is no tax number of scheme 9933 (BT-34)",
        "griechischer Verkäufer: die elektronische Adresse ist keine Steuernummer vom Schema 9933 (BT-34)",
        _greek_endpoint("BT-34")),
    _of(_are_greek, "GR-R-006", "Greek buyer: there is no VAT number of EL and a tax number (BT-48)",
        "griechischer Käufer: eine Umsatzsteuernummer aus EL und Steuernummer fehlt (BT-48)",
        _valid("BT-48", _is_vat_greek, "EL and nine digits", warns_of_none=True)),
    _of(_are_greek, "GR-R-010", "Greek buyer: the electronic address is no tax number of scheme 9933 (BT-49)",
        "griechischer Käufer: die elektronische Adresse ist keine Steuernummer vom Schema 9933 (BT-49)",
        _greek_endpoint("BT-49")),
]  # fmt: skip
_OF_XRECHNUNG = re.compile(r"BR-DE-(?P<number>\d+)(?:-(?P<part>[ab]))?")
_WARNINGS = frozenset({17, 19, 20, 26, 27, 28})


def _german() -> Iterator[BusinessRule]:
    for rule in xrechnung.RULES:
        found = _OF_XRECHNUNG.fullmatch(rule.id)
        if found is not None and found["number"] != "21":
            part = {"a": "-1", "b": "-2", None: ""}[found["part"]]
            yield replace(
                rule,
                id=f"DE-R-{int(found['number']):03}{part}",
                en=f"German seller and buyer: {rule.en}",
                de=f"deutscher Verkäufer und Käufer: {rule.de}",
                check=partial(_only, _both_de, rule.check),
                severity="warning" if int(found["number"]) in _WARNINGS else "fatal",
            )


RULES = [*_NORWAY, *_DENMARK, *_ITALY, *_SWEDEN, *_NETHERLANDS, *_ICELAND, *_GREECE, *_german()]
IDS = tuple(f"{country}-" for country in ("NO", "DK", "IT", "SE", "NL", "IS", "GR", "DE"))
"""What their ids begin with."""
IN_UBL_ONLY = ("DE-", "GR-", "IS-")
