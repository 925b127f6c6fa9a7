"""BR-01 to BR-67: what has to be there, and the few bounds that stand between them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from pipelines.extract.messages.en16931.rule import (
    BusinessRule,
    Found,
    Placed,
    Severity,
    View,
    number,
    place,
    reaching,
)
from pipelines.extract.messages.invoice import Group

_DAY = "102"
CREDIT_TRANSFERS = ("30", "58")
"""Payment means (UNTDID 4461) that are credit transfers, of which the standard wants an account."""


def needs(rule: str, of: str, path: str, en: str, de: str, *, filled: bool = True) -> BusinessRule:
    """Every group `of` (empty: the invoice) has a term at the end of `path`, with text unless `filled` is false."""

    def check(view: View) -> Iterator[Found]:
        for group in view.groups(of):
            if not any(term.text.strip() or not filled for term in reaching(group, path)):
                yield Found(place(group), "", path.rpartition("/")[2].replace("|", " or "))

    return BusinessRule(rule, en, de, check)


def needs_group(rule: str, of: str, below: str, en: str, de: str) -> BusinessRule:
    """Every group `of` has a group below it (the invoice: anywhere)."""

    def check(view: View) -> Iterator[Found]:
        for group in view.groups(of):
            if not (group.all(below) if of else view.groups(below)):
                yield Found(place(group), "", below)

    return BusinessRule(rule, en, de, check)


def tells(
    rule: str, en: str, de: str, check: Callable[[View], Iterable[Found]], severity: Severity = "fatal"
) -> BusinessRule:
    """A rule with a check of its own."""
    return BusinessRule(rule, en, de, check, severity)


@lru_cache(maxsize=1024)
def day(text: str | None) -> dt.date | None:
    """A date as UBL (2026-11-26) or CII (20261126) writes it, a zone after it left aside; None for anything else."""
    plain = (text or "").strip()
    for length, form in ((10, "%Y-%m-%d"), (8, "%Y%m%d")):
        try:
            return dt.datetime.strptime(plain[:length], form).date()
        except ValueError:
            continue
    return None


def _form(placed: Placed) -> str:
    """The format of a date in CII: ours is ISO 8601 where it was written as a day of eight digits, which is right."""
    is_iso = len(placed.text) == 10 and placed.text[4:5] == "-"
    return placed.term.attributes.get("format", _DAY if is_iso else "") or "not given"


def _issued(view: View) -> Iterator[Found]:
    dates = view.terms("BT-2")
    if not any(placed.text for placed in dates):
        yield Found(place(view.invoice), "", "BT-2")
    elif view.is_cii and (form := _form(dates[0])) != _DAY:
        yield Found(place(dates[0].group, "BT-2"), f"format {form}", f"format {_DAY}")


def _country(address: str, term: str) -> Callable[[View], Iterator[Found]]:
    """CII asks for the country of seller and buyer even where they have no address."""

    def check(view: View) -> Iterator[Found]:
        missing = [group for group in view.groups(address) if not group.text(term)]
        if view.is_cii and not view.groups(address):
            missing = [view.invoice]
        for group in missing:
            yield Found(place(group), "", term)

    return check


def _totals(rule: str, term: str, en: str, de: str) -> BusinessRule:
    def check(view: View) -> Iterator[Found]:
        if not view.has(term):
            yield Found(place(next(iter(view.groups("BG-22")), view.invoice)), "", term)

    return BusinessRule(rule, en, de, check)


def _payee(view: View) -> Iterator[Found]:
    """The official rule is also broken by a payee that has the name or a number of the seller: it is no other."""
    name = "BT-27" if view.is_cii else "BT-28"
    pairs = [("BT-59", name), ("BT-60", "BT-29"), *([("BT-61", "BT-30")] if view.is_cii else [])]
    for payee in view.groups("BG-10"):
        if not payee.terms.get("BT-59"):
            yield Found(place(payee), "", "BT-59")
        for mine, sellers in pairs:
            of_seller = {placed.text for placed in view.terms(sellers)}
            if of_seller & {" ".join(term.text.split()) for term in payee.terms.get(mine, ())}:
                yield Found(place(payee, mine), "that of the seller", "another party")
                break


def _unit(view: View) -> Iterator[Found]:
    for line in view.groups("BG-25"):
        if not any("unit" in term.attributes for term in line.terms.get("BT-129", ())) and not line.text("BT-130"):
            yield Found(place(line), "", "BT-130")


def _not_negative(term: str, *, wanted: bool) -> Callable[[View], Iterator[Found]]:
    """`wanted`: an item without a price breaks the rule too, as the official test is false without a number."""

    def check(view: View) -> Iterator[Found]:
        for line in view.groups("BG-25"):
            prices = list(reaching(line, f"BG-29/{term}"))
            values = [number(price.text) for price in prices]
            if any(value is None or value < 0 for value in values) or (wanted and not values):
                yield Found(place(line, term), prices[0].text.strip() if prices else "", "0 or more")

    return check


def _in_order(of: str, start: str, end: str) -> Callable[[View], Iterator[Found]]:
    def check(view: View) -> Iterator[Found]:
        for period in view.groups(of):
            first, last = period.text(start), period.text(end)
            if first is None or last is None:
                continue
            from_day, to_day = day(first), day(last)
            if from_day is None or to_day is None or to_day < from_day:
                yield Found(place(period), f"{first} to {last}", f"{end} not before {start}")

    return check


def _transfers(view: View) -> Iterator[Group]:
    """The payment instructions by credit transfer."""
    for means in view.groups("BG-16"):
        if means.text("BT-81") in CREDIT_TRANSFERS:
            yield means


def _account_given(view: View) -> Iterator[Found]:
    for means in _transfers(view):
        for account in means.all("BG-17"):
            if not account.text("BT-84"):
                yield Found(place(account), "", "BT-84")


def _account_there(view: View) -> Iterator[Found]:
    for means in _transfers(view):
        if not any(True for _ in reaching(means, "BG-17/BT-84")):
            yield Found(place(means), f"means {means.text('BT-81')}", "BT-84")


def _card_number(view: View) -> Iterator[Found]:
    for placed in view.terms("BT-87"):
        if len(placed.text) > 10:
            yield Found(place(placed.group, "BT-87"), f"{len(placed.text)} characters", "at most 10")


def _accounting_currency(view: View) -> Iterator[Found]:
    """In UBL the total in the currency of the invoice will do, where both are the same."""
    own = [] if view.is_cii else [placed.term.attributes.get("currency") for placed in view.terms("BT-110")]
    if view.has("BT-6") and not view.has("BT-111") and view.text("BT-6") not in own:
        yield Found(place(view.invoice), f"BT-6 is {view.text('BT-6')}", "BT-111")


def _scheme(term: str, empty: str = "") -> Callable[[View], Iterator[Found]]:
    """`empty`: an element that holds the term in CII, and lacks a scheme as well when it is empty."""

    def check(view: View) -> Iterator[Found]:
        for path, places in view.unread.items():
            if empty and path.endswith(empty):
                yield Found(f"{path}, line {places[0][1].line}", "", "a scheme")
        for placed in view.terms(term):
            if not placed.term.attributes.get("scheme", "").strip():
                yield Found(place(placed.group, term), "", "a scheme")

    return check


def _at_most_one(name: str) -> Callable[[View], Iterator[Found]]:
    def check(view: View) -> Iterator[Found]:
        if len(groups := view.groups(name)) > 1:
            yield Found(place(groups[1]), f"{len(groups)} times", "at most one")

    return check


def _attribute(view: View) -> Iterator[Found]:
    for attribute in view.groups("BG-32"):
        missing = [term for term in ("BT-160", "BT-161") if attribute.text(term) is None]
        if missing:
            yield Found(place(attribute), "", " and ".join(missing))


def _categorised(of: str, name: str) -> Callable[[View], Iterator[Found]]:
    def check(view: View) -> Iterator[Found]:
        for group in view.groups(of):
            if view.category(group, name) is None:
                yield Found(place(group), group.text(name) or "", f"{name} of VAT")

    return check


def _percent(view: View) -> Iterator[Found]:
    for tax in view.groups("BG-23"):
        category = view.category(tax, "BT-118")
        is_other = category is None and tax.text("BT-118") is not None
        if (tax.text("BT-119") is None or is_other) and category != "O":
            yield Found(place(tax), "", "BT-119")


RULES = [
    needs("BR-01", "", "BG-2/BT-24", "no specification identifier (BT-24)", "Spezifikationskennung (BT-24) fehlt"),
    needs("BR-02", "", "BT-1", "no invoice number (BT-1)", "Rechnungsnummer (BT-1) fehlt"),
    tells("BR-03", "no date of issue (BT-2)", "Rechnungsdatum (BT-2) fehlt", _issued),
    needs("BR-04", "", "BT-3", "no type code of the invoice (BT-3)", "Code für den Rechnungstyp (BT-3) fehlt"),
    needs("BR-05", "", "BT-5", "no currency of the invoice (BT-5)", "Rechnungswährung (BT-5) fehlt"),
    needs("BR-06", "", "BG-4/BT-27", "the seller has no name (BT-27)", "Name des Verkäufers (BT-27) fehlt"),
    needs("BR-07", "", "BG-7/BT-44", "the buyer has no name (BT-44)", "Name des Käufers (BT-44) fehlt"),
    needs_group("BR-08", "", "BG-5", "the seller has no address (BG-5)", "Anschrift des Verkäufers (BG-5) fehlt"),
    tells("BR-09", "the seller's address has no country (BT-40)",
          "Land in der Anschrift des Verkäufers (BT-40) fehlt", _country("BG-5", "BT-40")),
    needs_group("BR-10", "", "BG-8", "the buyer has no address (BG-8)", "Anschrift des Käufers (BG-8) fehlt"),
    tells("BR-11", "the buyer's address has no country (BT-55)",
          "Land in der Anschrift des Käufers (BT-55) fehlt", _country("BG-8", "BT-55")),
    _totals("BR-12", "BT-106", "no sum of the net amounts of lines (BT-106)", "Summe der Nettobeträge (BT-106) fehlt"),
    _totals("BR-13", "BT-109", "no total without VAT (BT-109)", "Rechnungssumme ohne Umsatzsteuer (BT-109) fehlt"),
    _totals("BR-14", "BT-112", "no total with VAT (BT-112)", "Rechnungssumme mit Umsatzsteuer (BT-112) fehlt"),
    _totals("BR-15", "BT-115", "no amount due (BT-115)", "fälliger Betrag (BT-115) fehlt"),
    needs_group("BR-16", "", "BG-25", "the invoice has no line (BG-25)", "die Rechnung hat keine Position (BG-25)"),
    tells("BR-17", "the payee has no name (BT-59), or is the seller",
          "Name des Zahlungsempfängers (BT-59) fehlt, oder er ist der Verkäufer", _payee),
    needs("BR-18", "BG-11", "BT-62", "the seller's tax representative has no name (BT-62)",
          "Name des Steuervertreters (BT-62) fehlt"),
    needs_group("BR-19", "BG-11", "BG-12", "the seller's tax representative has no address (BG-12)",
                "Anschrift des Steuervertreters (BG-12) fehlt"),
    needs("BR-20", "BG-12", "BT-69", "the address of the seller's tax representative has no country (BT-69)",
          "Land in der Anschrift des Steuervertreters (BT-69) fehlt"),
    needs("BR-21", "BG-25", "BT-126", "a line has no identifier (BT-126)", "Kennung einer Position (BT-126) fehlt"),
    needs("BR-22", "BG-25", "BT-129", "a line has no quantity (BT-129)", "Menge einer Position (BT-129) fehlt",
          filled=False),
    tells("BR-23", "the quantity of a line has no unit (BT-130)",
          "Einheit der Menge einer Position (BT-130) fehlt", _unit),
    needs("BR-24", "BG-25", "BT-131", "a line has no net amount (BT-131)", "Nettobetrag einer Position (BT-131) fehlt",
          filled=False),
    needs("BR-25", "BG-25", "BG-31/BT-153", "the item of a line has no name (BT-153)",
          "Name des Artikels einer Position (BT-153) fehlt"),
    needs("BR-26", "BG-25", "BG-29/BT-146", "the item of a line has no net price (BT-146)",
          "Nettopreis des Artikels einer Position (BT-146) fehlt", filled=False),
    tells("BR-27", "the net price of an item is negative (BT-146)", "Nettopreis eines Artikels ist negativ (BT-146)",
          _not_negative("BT-146", wanted=True)),
    tells("BR-28", "the gross price of an item is negative (BT-148)", "Bruttopreis eines Artikels ist negativ (BT-148)",
          _not_negative("BT-148", wanted=False)),
    tells("BR-29", "the invoicing period ends before it starts (BT-74, BT-73)",
          "der Abrechnungszeitraum endet vor seinem Beginn (BT-74, BT-73)", _in_order("BG-14", "BT-73", "BT-74")),
    tells("BR-30", "the period of a line ends before it starts (BT-135, BT-134)",
          "der Zeitraum einer Position endet vor seinem Beginn (BT-135, BT-134)",
          _in_order("BG-26", "BT-134", "BT-135")),
    needs("BR-31", "BG-20", "BT-92", "an allowance on the invoice has no amount (BT-92)",
          "Betrag eines Nachlasses auf die Rechnung (BT-92) fehlt", filled=False),
    tells("BR-32", "an allowance on the invoice has no VAT category (BT-95)",
          "Umsatzsteuerkategorie eines Nachlasses auf die Rechnung (BT-95) fehlt", _categorised("BG-20", "BT-95")),
    needs("BR-33", "BG-20", "BT-97|BT-98", "an allowance on the invoice has no reason (BT-97, BT-98)",
          "Grund eines Nachlasses auf die Rechnung (BT-97, BT-98) fehlt", filled=False),
    needs("BR-36", "BG-21", "BT-99", "a charge on the invoice has no amount (BT-99)",
          "Betrag eines Zuschlags auf die Rechnung (BT-99) fehlt", filled=False),
    tells("BR-37", "a charge on the invoice has no VAT category (BT-102)",
          "Umsatzsteuerkategorie eines Zuschlags auf die Rechnung (BT-102) fehlt", _categorised("BG-21", "BT-102")),
    needs("BR-38", "BG-21", "BT-104|BT-105", "a charge on the invoice has no reason (BT-104, BT-105)",
          "Grund eines Zuschlags auf die Rechnung (BT-104, BT-105) fehlt", filled=False),
    needs("BR-41", "BG-27", "BT-136", "an allowance of a line has no amount (BT-136)",
          "Betrag eines Nachlasses auf eine Position (BT-136) fehlt", filled=False),
    needs("BR-42", "BG-27", "BT-139|BT-140", "an allowance of a line has no reason (BT-139, BT-140)",
          "Grund eines Nachlasses auf eine Position (BT-139, BT-140) fehlt", filled=False),
    needs("BR-43", "BG-28", "BT-141", "a charge of a line has no amount (BT-141)",
          "Betrag eines Zuschlags auf eine Position (BT-141) fehlt", filled=False),
    needs("BR-44", "BG-28", "BT-144|BT-145", "a charge of a line has no reason (BT-144, BT-145)",
          "Grund eines Zuschlags auf eine Position (BT-144, BT-145) fehlt", filled=False),
    needs("BR-45", "BG-23", "BT-116", "a VAT category has no taxable amount (BT-116)",
          "zu versteuernder Betrag einer Umsatzsteuerkategorie (BT-116) fehlt", filled=False),
    needs("BR-46", "BG-23", "BT-117", "a VAT category has no tax amount (BT-117)",
          "Steuerbetrag einer Umsatzsteuerkategorie (BT-117) fehlt", filled=False),
    tells("BR-47", "an entry of the VAT breakdown has no category (BT-118)",
          "Kategorie in der Aufschlüsselung der Umsatzsteuer (BT-118) fehlt", _categorised("BG-23", "BT-118")),
    tells("BR-48", "a VAT category has no rate (BT-119), and is not outside VAT",
          "Satz einer Umsatzsteuerkategorie (BT-119) fehlt, ohne dass sie nicht steuerbar ist", _percent),
    needs("BR-49", "BG-16", "BT-81", "a payment instruction has no payment means (BT-81)",
          "Code für das Zahlungsmittel (BT-81) fehlt", filled=False),
    tells("BR-50", "a credit transfer is given without its account (BT-84)",
          "Kennung des Kontos einer Überweisung (BT-84) fehlt", _account_given),
    tells("BR-51", "more than ten characters of a payment card's number are shown (BT-87)",
          "mehr als zehn Zeichen der Nummer einer Zahlungskarte sind angegeben (BT-87)", _card_number, "warning"),
    needs("BR-52", "BG-24", "BT-122", "a supporting document has no reference (BT-122)",
          "Kennung einer rechnungsbegründenden Unterlage (BT-122) fehlt"),
    tells("BR-53", "the VAT total in the accounting currency is missing (BT-111)",
          "Summe der Umsatzsteuer in Buchungswährung (BT-111) fehlt", _accounting_currency),
    tells("BR-54", "an item attribute lacks name or value (BT-160, BT-161)",
          "Name oder Wert einer Eigenschaft des Artikels fehlt (BT-160, BT-161)", _attribute),
    needs("BR-55", "BG-3", "BT-25", "a reference to an earlier invoice has no number (BT-25)",
          "Nummer einer vorausgegangenen Rechnung (BT-25) fehlt"),
    needs("BR-56", "BG-11", "BT-63", "the seller's tax representative has no VAT identifier (BT-63)",
          "Umsatzsteuer-Identifikationsnummer des Steuervertreters (BT-63) fehlt"),
    needs("BR-57", "BG-15", "BT-80", "the address of delivery has no country (BT-80)",
          "Land in der Lieferanschrift (BT-80) fehlt"),
    tells("BR-61", "a payment by credit transfer names no account (BT-84)",
          "bei Zahlung durch Überweisung fehlt die Kennung des Kontos (BT-84)", _account_there),
    tells("BR-62", "the seller's electronic address has no scheme (BT-34)",
          "Schema der elektronischen Adresse des Verkäufers (BT-34) fehlt",
          _scheme("BT-34", "/SellerTradeParty/URIUniversalCommunication")),
    tells("BR-63", "the buyer's electronic address has no scheme (BT-49)",
          "Schema der elektronischen Adresse des Käufers (BT-49) fehlt",
          _scheme("BT-49", "/BuyerTradeParty/URIUniversalCommunication")),
    tells("BR-64", "the standard identifier of an item has no scheme (BT-157)",
          "Schema der Standardkennung eines Artikels (BT-157) fehlt", _scheme("BT-157")),
    tells("BR-65", "the classification of an item has no scheme (BT-158)",
          "Schema der Klassifizierung eines Artikels (BT-158) fehlt", _scheme("BT-158")),
    tells("BR-66", "more than one payment card (BG-18)", "mehr als eine Zahlungskarte (BG-18)",
          _at_most_one("BG-18")),
    tells("BR-67", "more than one direct debit mandate (BG-19)", "mehr als ein Lastschriftmandat (BG-19)",
          _at_most_one("BG-19")),
]  # fmt: skip
