"""PEPPOL-EN16931 and PEPPOL-COMMON: what Peppol BIS Billing 3 asks beyond EN 16931.

The rules of single countries are in `national`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import partial

from pipelines.extract.messages.en16931 import peppol_lines as lines
from pipelines.extract.messages.en16931.codes import (
    AMOUNTS,
    MIME_TYPES,
    TAX_POINTS,
    codes,
    currency_of_amounts,
    mime_types,
)
from pipelines.extract.messages.en16931.presence import day, tells
from pipelines.extract.messages.en16931.rule import (
    BusinessRule,
    Found,
    Severity,
    View,
    amount_of,
    place,
)
from pipelines.extract.messages.en16931.seller import are_in
from pipelines.extract.messages.invoice import Group

_SPECIFICATION = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
_SELF_BILLING = _SPECIFICATION.replace("billing", "selfbilling")
_OF_SELF_BILLING = "urn:fdc:peppol.eu:2017:poacc:selfbilling:01:1.0"
_WITH_RESPONSE = "urn:peppol:bis:billing_with_response"
_PROCESSES = frozenset({"urn:fdc:peppol.eu:2017:poacc:billing:01:1.0", _WITH_RESPONSE})
_FRENCH = frozenset({"urn:peppol:france:billing:regulated", "urn:peppol:france:billing:non-regulated"})
_INVOICES = frozenset(
    {"71", "80", "82", "84", "102", "218", "219", "326", "331", "380", "382", "383", "384", "386", "388", "393", "395",
     "553", "575", "623", "780", "817", "870", "875", "876", "877"}
)  # fmt: skip
_CREDIT_NOTES = frozenset({"381", "396", "81", "83", "532"})
_SELF_BILLED = {"ubl invoice": frozenset({"389", "527"}), "ubl credit note": frozenset({"261"})}
"""Types of documents that the buyer writes, by syntax."""
_CATEGORY_OF = {
    "P0104": ("VATEX-EU-G", "G"),
    "P0105": ("VATEX-EU-O", "O"),
    "P0106": ("VATEX-EU-IC", "K"),
    "P0107": ("VATEX-EU-AE", "AE"),
    "P0108": ("VATEX-EU-D", "E"),
    "P0109": ("VATEX-EU-F", "E"),
    "P0110": ("VATEX-EU-I", "E"),
    "P0111": ("VATEX-EU-J", "E"),
}
_PARTLY = (
    ("BG-20", "BT-92", "BT-93", "BT-94"),
    ("BG-21", "BT-99", "BT-100", "BT-101"),
    ("BG-27", "BT-136", "BT-137", "BT-138"),
    ("BG-28", "BT-141", "BT-142", "BT-143"),
)
"""Allowances and charges: group, amount, base, percentage."""
_MAY_BE_EMPTY = "/ApplicableHeaderTradeDelivery"
"""The schema of CII wants it where there is nothing to say."""
_DATES = ("BT-2", "BT-7", "BT-9", "BT-72", "BT-73", "BT-74", "BT-134", "BT-135")


def _r(
    rule: str, en: str, de: str, check: Callable[[View], Iterable[Found]], severity: Severity = "fatal"
) -> BusinessRule:
    return tells(f"PEPPOL-EN16931-{rule}", en, de, check, severity)


def _has(*terms: str) -> Callable[[View], Iterator[Found]]:
    def check(view: View) -> Iterator[Found]:
        if not view.has(*terms):
            yield Found(place(view.invoice), "", " or ".join(terms))

    return check


def _at_most_one(*terms: str) -> Callable[[View], Iterator[Found]]:
    def check(view: View) -> Iterator[Found]:
        if len(view.terms(*terms)) > 1:
            yield Found(place(view.invoice), f"{len(view.terms(*terms))} times", "at most once")

    return check


def _specification(view: View) -> Iterator[Found]:
    """What follows the identifier is parted by # and single colons."""
    expected = _SELF_BILLING if _is_self_billing(view) else _SPECIFICATION
    if not view.text("BT-24").startswith(expected) or "::" in view.text("BT-24"):
        yield Found(place(view.invoice, "BT-24"), view.text("BT-24"), expected)


def _is_self_billing(view: View) -> bool:
    return ":poacc:selfbilling:" in view.text("BT-24")


def _process(view: View) -> Iterator[Found]:
    if not _is_approved(view):
        yield Found(place(view.invoice, "BT-23"), view.text("BT-23"), " or ".join(sorted(_processes(view))))


def _processes(view: View) -> frozenset[str]:
    if _is_self_billing(view):
        return frozenset({_OF_SELF_BILLING, _WITH_RESPONSE}) | _FRENCH
    return _PROCESSES if view.is_cii else _PROCESSES | _FRENCH


def _is_approved(view: View) -> bool:
    return view.text("BT-23") in _processes(view)


def _notes(view: View) -> Iterator[Found]:
    """Two Germans may have many in UBL; in CII even one has no subject."""
    yield from () if are_in("DE", view) and not view.is_cii else _at_most_one("BT-22")(view)
    for placed in view.terms("BT-21") if view.is_cii else ():
        yield Found(place(placed.group, "BT-21"), placed.text, "a note without subject")


def _projects(view: View) -> Iterator[Found]:
    """The code 50 of a document is a project in a credit note of UBL, a tender in CII."""
    term = {"ubl credit note": "BT-11", "cii": "BT-17"}.get(view.invoice.syntax)
    yield from () if term is None else _at_most_one(term)(view)


def _other_currency(view: View) -> Iterator[Found]:
    if view.has("BT-6") and view.text("BT-6") == view.text("BT-5"):
        yield Found(place(view.invoice, "BT-6"), view.text("BT-6"), "another currency than BT-5")


def _empty(view: View) -> Iterator[Found]:
    for path, places in view.unread.items():
        for _, found in places:
            if found.text == "" and "@" not in path and not path.endswith(_MAY_BE_EMPTY):
                yield Found(f"{path}, line {found.line}", "empty", "a content, or no element")
    for group in view.invoice.walk():
        for name, terms in group.terms.items():
            if any(not term.text.strip() for term in terms):
                yield Found(place(group, name), "empty", "a text, or no element")


def _same_sign(view: View) -> Iterator[Found]:
    """In UBL nought goes with either sign, in CII with what is above it."""
    tax, local = view.amount("BT-110"), view.amount("BT-111")
    differ = tax is None or local is None or tax * local < 0 or (view.is_cii and (tax < 0) != (local < 0))
    if view.has("BT-6") and differ:
        yield Found(place(view.invoice, "BT-111"), view.text("BT-111"), "the sign of BT-110")


def _partly(view: View) -> Iterator[tuple[Group, Decimal | None, Decimal | None, Decimal | None, str]]:
    for name, amount, base, percent in _PARTLY:
        for group in view.groups(name):
            yield group, amount_of(group, amount), amount_of(group, base), amount_of(group, percent), amount


def _percentage(view: View) -> Iterator[Found]:
    for group, amount, base, percent, name in _partly(view):
        if base is not None and percent is not None and abs((amount or 0) - base * percent / 100) > lines.SLACK:
            yield Found(place(group, name), group.text(name) or "", f"{base * percent / 100:f}")


def _without_base(view: View) -> Iterator[Found]:
    for group, _, base, percent, _ in _partly(view):
        if percent is not None and base is None:
            yield Found(place(group), "", "its base amount")


def _without_percentage(view: View) -> Iterator[Found]:
    for group, _, base, percent, _ in _partly(view):
        if percent is None and base is not None:
            yield Found(place(group), "", "its percentage")


def _one_currency(view: View) -> Iterator[Found]:
    for name in AMOUNTS:
        for placed in view.terms(name) if name != "BT-111" else ():
            got = placed.term.attributes.get("currency")
            if (got is not None or not view.is_cii) and (got or "").strip() != view.text("BT-5"):
                yield Found(place(placed.group, name), got or "", view.text("BT-5"))


def _mandate(view: View) -> Iterator[Found]:
    """CII has one mandate for all payments."""
    for means in view.groups("BG-16"):
        debits = view.groups("BG-19") if view.is_cii else means.all("BG-19")
        if means.text("BT-81") in ("49", "59") and all(debit.text("BT-89") is None for debit in debits):
            yield Found(place(means), f"means {means.text('BT-81')}", "BT-89")


def _type(syntax: str, known: frozenset[str], view: View) -> Iterator[Found]:
    """Self-billing with responses leaves the type open."""
    is_open = _is_self_billing(view) and view.text("BT-23") == _WITH_RESPONSE
    if not _is_approved(view) or is_open or view.invoice.syntax != syntax:
        return
    known = _SELF_BILLED[syntax] if _is_self_billing(view) else known
    for placed in view.terms("BT-3"):
        if placed.text not in known:
            yield Found(place(placed.group, "BT-3"), placed.text, "a code of the billing process")


def _only_german(view: View) -> Iterator[Found]:
    if view.text("BT-3") in ("326", "384") and (view.text("BT-40"), view.text("BT-55")) != ("DE", "DE"):
        yield Found(place(view.invoice, "BT-3"), view.text("BT-3"), "seller and buyer in Germany")


def _category(exemption: str, category: str, view: View) -> Iterator[Found]:
    for group in view.groups("BG-23"):
        if (group.text("BT-121") or "").upper() == exemption and group.text("BT-118") != category:
            yield Found(place(group), f"{group.text('BT-118')} with {exemption}", category)


def _dates(view: View) -> Iterator[Found]:
    for name in _DATES:
        for placed in view.terms(name):
            if len(placed.term.text) != 10 or day(placed.text) is None:
                yield Found(place(placed.group, name), placed.text, "YYYY-MM-DD")


def _listed(terms: str, listed: str, view: View) -> Iterator[Found]:
    for name in terms.split():
        for placed in view.terms(name):
            if placed.text not in codes(listed):
                yield Found(place(placed.group, name), placed.text, f"a code of {listed}")


def _tax_point(view: View) -> Iterator[Found]:
    for placed in view.terms("BT-8"):
        if placed.text not in TAX_POINTS and not view.is_cii:
            yield Found(place(placed.group, "BT-8"), placed.text, ", ".join(sorted(TAX_POINTS)))


def _addresses(view: View) -> Iterator[Found]:
    for placed in view.terms("BT-34", "BT-49"):
        got = placed.term.attributes.get("scheme")
        if got is not None and got not in codes("peppol_addresses"):
            yield Found(place(placed.group), got, "a code of peppol_addresses")


def _says_which(view: View) -> Iterator[Found]:
    """In CII discounts of prices say it too."""
    for price in view.groups("BG-29") if view.is_cii else ():
        said = price.text("X-ChargeIndicator")
        if said not in ("true", "false") and (said is not None or "BT-147" in price.terms):
            yield Found(place(price), said or "", "true or false")
    for name, *_ in _PARTLY:
        for group in view.groups(name):
            if group.text("X-ChargeIndicator") not in ("true", "false"):
                yield Found(place(group), group.text("X-ChargeIndicator") or "", "true or false")


def _totals_with(entries: bool, view: View) -> Iterator[Found]:
    """UBL has one total of taxes with the breakdown, and one without it for the accounting currency. In CII they are
    told apart by the currency, and for XRechnung the first may be missing."""
    times = sum(bool(number) == entries for number in view.invoice.tax_totals)
    if view.is_cii:
        said = [placed.term.attributes.get("currency") for placed in view.terms("BT-110", "BT-111")]
        times = sum((currency == view.text("BT-5")) == entries for currency in said if currency is not None)
    expected = 1 if entries or view.has("BT-6") else 0
    may_miss = view.is_cii and entries and not view.text("BT-24").startswith((_SPECIFICATION, _SELF_BILLING))
    if times != expected and not (may_miss and times < 1):
        yield Found(place(view.invoice), f"{times} times", f"{expected} times")


RULES = [
    _r("R001", "no business process (BT-23)", "Geschäftsprozess (BT-23) fehlt", _has("BT-23")),
    _r("R002", "more than one note, and not both parties in Germany, or in CII one with a subject (BT-21, BT-22)",
       "mehr als eine Bemerkung, und nicht beide Seiten in Deutschland, oder in CII eine mit Betreff (BT-21, BT-22)",
       _notes),
    _r("R003", "neither the buyer's reference nor an order is given (BT-10, BT-13)",
       "weder Käuferreferenz noch Bestellung ist angegeben (BT-10, BT-13)", _has("BT-10", "BT-13")),
    _r("R004", "the specification identifier is not that of Peppol BIS Billing or Self-Billing 3 (BT-24)",
       "die Spezifikationskennung ist nicht die von Peppol BIS Billing oder Self-Billing 3 (BT-24)", _specification),
    _r("R005", "the accounting currency is that of the invoice (BT-6)",
       "die Buchungswährung ist die der Rechnung (BT-6)", _other_currency),
    _r("R006", "more than one invoiced object (BT-18)", "mehr als ein abgerechnetes Objekt (BT-18)",
       _at_most_one("BT-18")),
    _r("R007", "the business process is none of Peppol's for billing (BT-23)",
       "der Geschäftsprozess ist keiner von Peppol für Rechnungen (BT-23)", _process),
    _r("R008", "an element is empty", "ein Element ist leer", _empty),
    _r("R010", "the buyer has no electronic address (BT-49)", "elektronische Adresse des Käufers (BT-49) fehlt",
       _has("BT-49")),
    _r("R020", "the seller has no electronic address (BT-34)", "elektronische Adresse des Verkäufers (BT-34) fehlt",
       _has("BT-34")),
    _r("R040", "an allowance or charge is not base × percentage", "ein Nachlass oder Zuschlag ist nicht Grundbetrag × "
       "Prozentsatz", _percentage),
    _r("R041", "an allowance or charge has a percentage without its base", "ein Nachlass oder Zuschlag hat einen "
       "Prozentsatz ohne Grundbetrag", _without_base),
    _r("R042", "an allowance or charge has a base without its percentage", "ein Nachlass oder Zuschlag hat einen "
       "Grundbetrag ohne Prozentsatz", _without_percentage),
    _r("R043", "an allowance or charge says neither true nor false", "ein Nachlass oder Zuschlag sagt weder true noch "
       "false", _says_which),
    _r("R044", "a price has a charge (BT-147)", "ein Preis hat einen Zuschlag (BT-147)", lines.no_charge),
    _r("R046", "the net price is not gross price - discount (BT-146, BT-147, BT-148)",
       "der Nettopreis ist nicht Bruttopreis - Nachlass (BT-146, BT-147, BT-148)", lines.net_price),
    _r("R051", "an amount is in another currency than the invoice (BT-5)",
       "ein Betrag hat eine andere Währung als die Rechnung (BT-5)", _one_currency),
    _r("R053", "there is not one total of taxes with the VAT breakdown (BG-23)",
       "es gibt nicht genau eine Steuersumme mit der Aufschlüsselung (BG-23)", partial(_totals_with, True)),
    _r("R054", "there is not one total of taxes without breakdown for an accounting currency (BT-111)",
       "es gibt nicht genau eine Steuersumme ohne Aufschlüsselung für eine Buchungswährung (BT-111)",
       partial(_totals_with, False)),
    _r("R055", "VAT and VAT in the accounting currency differ in sign (BT-110, BT-111)",
       "Umsatzsteuer und Umsatzsteuer in Buchungswährung haben verschiedene Vorzeichen (BT-110, BT-111)", _same_sign),
    _r("R061", "direct debit without mandate (BT-89)", "Lastschrift ohne Mandat (BT-89)", _mandate),
    _r("R080", "more than one project, in CII tender (BT-11, BT-17)",
       "mehr als ein Projekt, in CII mehr als eine Ausschreibung (BT-11, BT-17)", _projects),
    _r("R100", "a line has more than one invoiced object (BT-128)",
       "eine Position hat mehr als ein abgerechnetes Objekt (BT-128)", partial(lines.objects_of_line, many=True)),
    _r("R101", "a line refers to a document that is no invoiced object (BT-128)",
       "eine Position verweist auf ein Dokument, das kein abgerechnetes Objekt ist (BT-128)",
       partial(lines.objects_of_line, many=False)),
    _r("R110", "the period of a line starts before that of the invoice (BT-134, BT-73)",
       "der Zeitraum einer Position beginnt vor dem der Rechnung (BT-134, BT-73)",
       partial(lines.within, "BT-134", "BT-73", True)),
    _r("R111", "the period of a line ends after that of the invoice (BT-135, BT-74)",
       "der Zeitraum einer Position endet nach dem der Rechnung (BT-135, BT-74)",
       partial(lines.within, "BT-135", "BT-74", False)),
    _r("R120", "the net amount of a line is not quantity × price + charges - allowances (BT-131)",
       "der Nettobetrag einer Position ist nicht Menge × Preis + Zuschläge - Nachlässe (BT-131)", lines.line_net),
    _r("R121", "the base quantity of a price is not above 0 (BT-149)",
       "die Basismenge eines Preises ist nicht über 0 (BT-149)", lines.base_quantity),
    _r("R130", "the unit of the price is not that of the quantity (BT-150, BT-130)",
       "die Einheit des Preises ist nicht die der Menge (BT-150, BT-130)", lines.same_unit),
    _r("CL001", "the kind of an attached document is not allowed (BT-125)",
       "die Art einer Unterlage ist nicht zugelassen (BT-125)", lambda view: mime_types(view, MIME_TYPES)),
    _r("CL002", "the reason of an allowance is not in UNCL 5189", "der Grund eines Nachlasses ist nicht in der UNCL "
       "5189", partial(_listed, "BT-98 BT-140", "allowance_reasons")),
    _r("CL003", "the reason of a charge is not in UNCL 7161", "der Grund eines Zuschlags ist nicht in der UNCL 7161",
       partial(_listed, "BT-105 BT-145", "charge_reasons")),
    _r("CL006", "the code of the tax point date is not in UNCL 2005 (BT-8)",
       "der Code des Steuerdatums ist nicht in der UNCL 2005 (BT-8)", _tax_point),
    _r("CL007", "the currency of an amount is not in ISO 4217", "die Währung eines Betrags ist nicht in der ISO 4217",
       currency_of_amounts),
    _r("CL008", "the scheme of an electronic address is none of Peppol's (BT-34, BT-49)",
       "das Schema einer elektronischen Adresse ist keines von Peppol (BT-34, BT-49)", _addresses),
    _r("P0100", "the type of the invoice is none of the billing process (BT-3)",
       "der Rechnungstyp ist keiner des Abrechnungsprozesses (BT-3)", partial(_type, "ubl invoice", _INVOICES)),
    _r("P0101", "the type of the credit note is none of the billing process (BT-3)",
       "der Typ der Gutschrift ist keiner des Abrechnungsprozesses (BT-3)",
       partial(_type, "ubl credit note", _CREDIT_NOTES)),
    *(_r(rule, f"the reason {why} needs the VAT category {category} (BT-121, BT-118)",
         f"der Grund {why} verlangt die Umsatzsteuerkategorie {category} (BT-121, BT-118)",
         partial(_category, why, category)) for rule, (why, category) in _CATEGORY_OF.items()),
    _r("P0112", "partial and corrected invoices (326, 384) are for Germany only (BT-3)",
       "Teil- und Korrekturrechnungen (326, 384) gibt es nur in Deutschland (BT-3)", _only_german),
    _r("F001", "a date is not written as YYYY-MM-DD", "ein Datum ist nicht als JJJJ-MM-TT geschrieben", _dates),
]  # fmt: skip
