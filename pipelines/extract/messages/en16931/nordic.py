"""NO-R, DK-R, SE-R, IS-R: what Peppol asks of sellers in the north."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

from stdnum import luhn

from pipelines.extract.messages.en16931.identifiers import is_norwegian
from pipelines.extract.messages.en16931.presence import day
from pipelines.extract.messages.en16931.rule import Found, View, amount_of, place
from pipelines.extract.messages.en16931.seller import (
    Check,
    account,
    are_in,
    bank,
    described,
    filled,
    is_credit,
    is_in,
    is_seller_of,
    national,
    payments,
    reference,
    schemed,
    valid,
)
from pipelines.extract.messages.invoice import Group

_PARTS = (("BT-97", "BT-98"), ("BT-104", "BT-105"), ("BT-139", "BT-140"), ("BT-144", "BT-145"))
"""Allowances and charges: reason, code of the reason."""
_RATES = (("BT-95", "BT-96"), ("BT-102", "BT-103"), ("BT-118", "BT-119"), ("BT-151", "BT-152"))
"""VAT category, rate."""
_CARDS = {
    "DK-R-008": ("50", ("01#", "04#", "15#"), "[0-9]{7,8}", "7 or 8 digits", "7 oder 8 Ziffern"),
    "DK-R-010": ("93", ("71#", "73#", "75#"), ".{8}", "8 characters", "8 Zeichen"),
}
"""Rule → payment means, the card types that the reference begins with, how the account is written."""
_UNSPSC = ("19.05.01", "19.0501", "26.08.01", "26.0801")
_FULL_CARDS = {"DK-R-009": ("50", ("04#", "15#"), (19,)), "DK-R-011": ("93", ("71#", "75#"), (18, 19))}
_DANISH_MEANS = ("1", "10", "31", "42", "48", "49", "50", "58", "59", "93", "97")
_TAXED = "GODKÄND FÖR F-SKATT"


def _is_swedish(view: View) -> bool:
    return is_in("SE", view) and view.text("BT-31")[:2] == "SE"


def _mandates(view: View) -> Iterator[Found]:
    """In CII it is the creditor that has to be named."""
    other = "BT-90" if view.is_cii else "BT-91"

    def has_mandate(means: Group) -> bool:
        return any(mandate.text("BT-89") and mandate.text(other) for mandate in means.all("BG-19"))

    yield from payments(has_mandate, f"BT-89 and {other}", "49")(view)


def _is_giro(kind: str, form: str, means: Group) -> bool:
    return bank(means) != kind or not account(means) or re.fullmatch(form, account(means)) is not None


def _is_card(cards: tuple[str, ...], form: str, means: Group) -> bool:
    return reference(means).startswith(cards) and re.fullmatch(form, account(means)) is not None


def _is_vat_no(text: str) -> bool:
    return text[:2] != "NO" or (text[11:] == "MVA" and is_norwegian(text[2:11]))


def _is_organisation_se(text: str) -> bool:
    """What stands behind the ten digits is not looked at: another rule finds that."""
    return re.fullmatch("[0-9]{10,}", text) is not None and luhn.is_valid(text[:10])


def _registered(view: View) -> Iterator[Found]:
    if not any(placed.text == "Foretaksregisteret" for placed in view.terms("BT-32")):
        yield Found(place(view.invoice), "", "BT-32 Foretaksregisteret")


def _legal_id(view: View) -> Iterator[Found]:
    if not view.text("BT-30"):
        yield Found(place(view.invoice), "", "BT-30")


def _not_negative(view: View) -> Iterator[Found]:
    due = view.amount("BT-115")
    if is_credit(view, "381") and due is not None and due < 0:
        yield Found(place(view.groups("BG-22")[0], "BT-115"), f"{due:f}", "0 or more")


def _identifiers(view: View) -> Iterator[Found]:
    for placed in view.terms("BT-29", "BT-46"):
        if not placed.term.attributes.get("scheme", "").strip():
            yield Found(place(placed.group), "no scheme", "a scheme")


def _unspsc(view: View) -> Iterator[Found]:
    for placed in view.terms("BT-158"):
        version = placed.term.attributes.get("scheme_version", "")
        if placed.term.attributes.get("scheme") == "TST" and version not in _UNSPSC:
            yield Found(place(placed.group, "BT-158"), version, "19.0501 or 26.0801")


def _other_taxes(view: View) -> Iterator[Found]:
    """In CII only those of the whole invoice are looked at."""
    for reason, code in _PARTS[:2] if view.is_cii else _PARTS:
        for placed in view.terms(code):
            said = placed.group.text(reason) or ""
            if placed.text == "ZZZ" and not re.fullmatch("[0-9]{4}|[^#].*#.*[^#]", said):
                yield Found(place(placed.group, reason), f"{len(said)} characters", "four digits, or a # inside")


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


def _deadline(is_right: Callable[[View, str], bool], expected: str) -> Check:
    def check(view: View) -> Iterator[Found]:
        for document in described(view, "EINDAGI"):
            if not is_right(view, document.text("BT-122") or ""):
                yield Found(place(document, "BT-122"), document.text("BT-122") or "", expected)

    return check


def _type_is(view: View) -> Iterator[Found]:
    if view.text("BT-3") not in ("380", "381"):
        yield Found(place(view.invoice, "BT-3"), view.text("BT-3"), "380 or 381")


_norwegian = partial(is_seller_of, "NO")
_in_dk, _in_se, _in_is = (partial(is_in, code) for code in ("DK", "SE", "IS"))
_both_dk, _both_se, _both_is = (partial(are_in, code) for code in ("DK", "SE", "IS"))
_NORWAY = [
    national(_norwegian, "NO-R-001", "Norwegian seller: the VAT number is not NO, nine digits and MVA (BT-31)",
        "norwegischer Verkäufer: die Umsatzsteuernummer ist nicht NO, neun Ziffern und MVA (BT-31)",
        valid("BT-31", _is_vat_no, "NO, nine digits, MVA")),
    national(_norwegian, "NO-R-002", "Norwegian seller: the word Foretaksregisteret is missing (BT-32)",
        "norwegischer Verkäufer: das Wort Foretaksregisteret fehlt (BT-32)", _registered, "warning"),
]  # fmt: skip
_DENMARK = [
    national(_in_dk, "DK-R-002", "Danish seller: the CVR number is missing (BT-30)",
        "dänischer Verkäufer: die CVR-Nummer (BT-30) fehlt", _legal_id),
    national(_in_dk, "DK-R-014", "Danish seller: the registration is not of scheme 0184 (BT-30)",
        "dänischer Verkäufer: die Registrierung ist nicht vom Schema 0184 (BT-30)", schemed("BT-30", "0184")),
    national(_both_dk, "DK-R-016", "Danish seller: a credit note has a negative amount due (BT-115)",
        "dänischer Verkäufer: eine Gutschrift hat einen negativen fälligen Betrag (BT-115)", _not_negative),
    national(_both_dk, "DK-R-013", "Danish seller: an identifier of seller or buyer has no scheme (BT-29, BT-46)",
        "dänischer Verkäufer: eine Kennung von Verkäufer oder Käufer hat kein Schema (BT-29, BT-46)", _identifiers),
    national(_both_dk, "DK-R-017", "Danish buyer: the registration is not of scheme 0184 (BT-47)",
        "dänischer Käufer: die Registrierung ist nicht vom Schema 0184 (BT-47)", schemed("BT-47", "0184")),
    national(_both_dk, "DK-R-003", "Danish seller: an item has a UNSPSC other than 19.0501 and 26.0801 (BT-158)",
        "dänischer Verkäufer: ein Artikel ist nach UNSPSC klassifiziert, aber nicht 19.0501 oder 26.0801 (BT-158)",
        _unspsc),
    national(_both_dk, "DK-R-004", "Danish seller: the reason of a tax other than VAT (ZZZ) is neither four digits nor "
        "has a # inside", "dänischer Verkäufer: der Grund einer anderen Steuer (ZZZ) ist weder vier Ziffern noch hat "
        "er ein # im Innern", _other_taxes),
    national(_both_dk, "DK-R-005", "Danish seller: the payment means is none of those allowed (BT-81)",
        "dänischer Verkäufer: das Zahlungsmittel ist nicht erlaubt (BT-81)",
        _only_invoice(payments(lambda it: it.text("BT-81") in _DANISH_MEANS,
                             ", ".join(_DANISH_MEANS)))),
    national(_both_dk, "DK-R-006", "Danish seller: means 31 or 42 without account and its register (BT-84, BT-86)",
        "dänischer Verkäufer: Zahlungsmittel 31 oder 42 ohne Konto und Registernummer (BT-84, BT-86)",
        _only_invoice(payments(lambda it: bool(account(it) and bank(it)), "BT-84 and BT-86", "31", "42"))),
    national(_both_dk, "DK-R-007", "Danish seller: means 49 without mandate and account of the buyer, in CII creditor "
        "(BT-89, BT-91, BT-90)", "dänischer Verkäufer: Zahlungsmittel 49 ohne Mandat und Konto des Käufers, in CII "
        "Gläubiger (BT-89, BT-91, BT-90)",
        _only_invoice(_mandates)),
    *(national(_both_dk, rule, f"Danish seller: means {code} without card type ({', '.join(cards)}) or account of "
          f"{en} (BT-83, BT-84)",
          f"dänischer Verkäufer: Zahlungsmittel {code} ohne Kartenart ({', '.join(cards)}) oder Konto mit {de} (BT-83, "
          "BT-84)",
          _only_invoice(payments(partial(_is_card, cards, form), f"BT-83 and BT-84 of {en}", code)))
      for rule, (code, cards, form, en, de) in _CARDS.items()),
    *(national(_both_dk, rule, f"Danish seller: card type {' or '.join(cards)} without its payment number (BT-83)",
          f"dänischer Verkäufer: Kartenart {' oder '.join(cards)} ohne Zahlungsnummer (BT-83)",
          _only_invoice(payments(lambda it, cards=cards, lengths=lengths: not reference(it).startswith(cards)  # type: ignore[misc]
                               or len(reference(it)) in lengths, f"{max(lengths)} characters", code)))
      for rule, (code, cards, lengths) in _FULL_CARDS.items()),
]  # fmt: skip
_SWEDEN = [
    national(_is_swedish, "SE-R-001", "Swedish seller: the VAT number has not 14 characters (BT-31)",
        "schwedischer Verkäufer: die Umsatzsteuernummer hat nicht 14 Zeichen (BT-31)",
        valid("BT-31", lambda text: len(text) == 14, "14 characters")),
    national(_is_swedish, "SE-R-002", "Swedish seller: the VAT number is not SE and digits (BT-31)",
        "schwedischer Verkäufer: die Umsatzsteuernummer ist nicht SE und Ziffern (BT-31)",
        valid("BT-31", lambda text: text[2:14].isdecimal(), "SE and twelve digits")),
    national(_in_se, "SE-R-003", "Swedish seller: the organisation number is no number (BT-30)",
        "schwedischer Verkäufer: die Organisationsnummer ist keine Zahl (BT-30)",
        valid("BT-30", str.isdecimal, "digits")),
    national(_in_se, "SE-R-004", "Swedish seller: the organisation number has not ten characters (BT-30)",
        "schwedischer Verkäufer: die Organisationsnummer hat nicht zehn Zeichen (BT-30)",
        valid("BT-30", lambda text: len(text) == 10, "ten characters")),
    national(_in_se, "SE-R-013", "Swedish seller: the check digit of the organisation number is wrong (BT-30)",
        "schwedischer Verkäufer: die Prüfziffer der Organisationsnummer ist falsch (BT-30)",
        valid("BT-30", _is_organisation_se, "a valid check digit")),
    national(_in_se, "SE-R-005", "Swedish seller: the tax registration is not Godkänd för F-skatt (BT-32)",
        "schwedischer Verkäufer: die Steuerregistrierung ist nicht Godkänd för F-skatt (BT-32)", _tax_approved),
    national(_is_swedish, "SE-R-006", "Swedish seller: a standard rate is none of 6, 12 and 25",
        "schwedischer Verkäufer: ein Normalsatz ist nicht 6, 12 oder 25", _swedish_rates),
    *(national(_in_se, rule, f"Swedish seller: the {name} account has not {en} (BT-84)",
          f"schwedischer Verkäufer: das {name}-Konto hat nicht {de} (BT-84)",
          payments(partial(_is_giro, f"SE:{name.upper()}", form), en, "30"), "warning")
      for rule, name, form, en, de in (("SE-R-007", "Plusgiro", "[0-9]*", "digits only", "nur Ziffern"),
                                       ("SE-R-010", "Plusgiro", ".{2,8}", "2 to 8 characters", "2 bis 8 Zeichen"),
                                       ("SE-R-008", "Bankgiro", "[0-9]*", "digits only", "nur Ziffern"),
                                       ("SE-R-009", "Bankgiro", ".{7,8}", "7 or 8 characters", "7 oder 8 Zeichen"))),
    national(_in_se, "SE-R-011", "Swedish seller: Bankgiro and Plusgiro are means 30, not 50 or 56 (BT-81)",
        "schwedischer Verkäufer: Bankgiro und Plusgiro sind Zahlungsmittel 30, nicht 50 oder 56 (BT-81)",
        payments(lambda _: False, "30", "50", "56"), "warning"),
    national(_both_se, "SE-R-012", "Swedish seller and buyer: a credit transfer is means 30, not 31 (BT-81)",
        "schwedischer Verkäufer und Käufer: eine Überweisung ist Zahlungsmittel 30, nicht 31 (BT-81)",
        payments(lambda _: False, "30", "31"), "warning"),
]  # fmt: skip
_ICELAND = [
    national(_in_is, "IS-R-001", "Icelandic seller: the type of the invoice is neither 380 nor 381 (BT-3)",
        "isländischer Verkäufer: der Rechnungstyp ist weder 380 noch 381 (BT-3)", _type_is, "warning"),
    national(_in_is, "IS-R-002", "Icelandic seller: the number of scheme 0196 is missing (BT-30)",
        "isländischer Verkäufer: die Nummer vom Schema 0196 (BT-30) fehlt", schemed("BT-30", "0196", wanted=True)),
    national(_in_is, "IS-R-003", "Icelandic seller: street or postal code is missing (BT-35, BT-38)",
        "isländischer Verkäufer: Straße oder Postleitzahl fehlt (BT-35, BT-38)", filled("BG-5", "BT-35", "BT-38")),
    national(_both_is, "IS-R-004", "Icelandic buyer: the number of scheme 0196 is missing (BT-47)",
        "isländischer Käufer: die Nummer vom Schema 0196 (BT-47) fehlt", schemed("BT-47", "0196", wanted=True)),
    national(_both_is, "IS-R-005", "Icelandic buyer: street or postal code is missing (BT-50, BT-53)",
        "isländischer Käufer: Straße oder Postleitzahl fehlt (BT-50, BT-53)", filled("BG-8", "BT-50", "BT-53")),
    *(national(_in_is, rule, f"Icelandic seller: means {code} without an account of 12 digits (BT-84)",
          f"isländischer Verkäufer: Zahlungsmittel {code} ohne Konto mit 12 Ziffern (BT-84)",
          payments(lambda it: len(account(it)) == 12, "12 digits", code))
      for rule, code in (("IS-R-006", "9"), ("IS-R-007", "42"))),
    national(_in_is, "IS-R-008", "Icelandic seller: the deadline (EINDAGI) is no date (BT-122)",
        "isländischer Verkäufer: die Frist (EINDAGI) ist kein Datum (BT-122)",
        _deadline(lambda _, text: len(text) == 10 and day(text) is not None, "YYYY-MM-DD")),
    national(_in_is, "IS-R-009", "Icelandic seller: a deadline (EINDAGI) without due date (BT-9)",
        "isländischer Verkäufer: eine Frist (EINDAGI) ohne Fälligkeit (BT-9)",
        _deadline(lambda view, _: view.has("BT-9"), "BT-9")),
    national(_in_is, "IS-R-010", "Icelandic seller: the deadline (EINDAGI) is before the due date (BT-122, BT-9)",
        "isländischer Verkäufer: die Frist (EINDAGI) liegt vor der Fälligkeit (BT-122, BT-9)",
        _deadline(lambda view, text: view.has("BT-9") and view.text("BT-9") <= text, "not before BT-9")),
]  # fmt: skip
RULES = [*_NORWAY, *_DENMARK, *_SWEDEN, *_ICELAND]
