"""BR-CO: how the parts of an invoice depend on each other, above all its sums, exact to the cent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from pipelines.extract.messages.en16931.codes import codes
from pipelines.extract.messages.en16931.presence import needs, needs_group, tells
from pipelines.extract.messages.en16931.rule import (
    Found,
    Placed,
    View,
    amount_of,
    number,
    place,
    to_cents,
    to_units,
)
from pipelines.extract.messages.invoice import Group

_ZERO = Decimal(0)


def _tax_point(view: View) -> Iterator[Found]:
    if view.has("BT-7") and view.has("BT-8"):
        yield Found(place(view.invoice), "BT-7 and BT-8", "one of them")


def _category(view: View) -> Iterator[Found]:
    for line in view.groups("BG-25"):
        if not any(view.category(vat, "BT-151") is not None for vat in line.all("BG-30")):
            yield Found(place(line), "", "BT-151")


def _prefix(view: View) -> Iterator[Found]:
    """Greece writes EL in VAT numbers."""
    for name in ("BT-31", "BT-48", "BT-63"):
        for placed in view.terms(name):
            if placed.text[:2] not in codes("countries") | {"EL"}:
                yield Found(place(placed.group, name), placed.text[:2], "two letters of a country")


def _documents(view: View) -> list[Group]:
    """The totals of the invoice; a total of VAT alone, which UBL keeps apart, makes none."""
    return [group for group in view.groups("BG-22") if set(group.terms) - {"BT-110", "BT-111"}]


def _sum(total: str, part: str, of: str) -> Callable[[View], Iterator[Found]]:
    """A total of the document is the sum of a term over all groups `of`; without these it may be absent."""

    def check(view: View) -> Iterator[Found]:
        for document in _documents(view):
            groups = view.groups(of)
            said = amount_of(document, total)
            if document.text(total) is None and not groups and of != "BG-25":
                continue
            found = to_cents(sum((amount_of(group, part) or _ZERO for group in groups), _ZERO))
            if said is None or said != found:
                yield Found(place(document, total), document.text(total) or "", f"{found:f}")

    return check


def _net(view: View) -> Iterator[Found]:
    for document in _documents(view):
        said, lines = amount_of(document, "BT-109"), amount_of(document, "BT-106")
        off, on = (amount_of(document, name) or _ZERO for name in ("BT-107", "BT-108"))
        found = None if lines is None else lines - off + on
        has_more = document.text("BT-107") is not None or document.text("BT-108") is not None
        if found is not None and (has_more or view.is_cii):
            found = to_cents(found)
        if said is None or said != found:
            yield Found(place(document, "BT-109"), document.text("BT-109") or "", _plain(found))


def _taxes(view: View) -> list[Placed]:
    """The totals of VAT in the currency of the invoice; an amount without currency counts as one."""
    own = view.text("BT-5")
    return [placed for placed in view.terms("BT-110") if placed.term.attributes.get("currency", own).strip() == own]


def _tax(view: View) -> Iterator[Found]:
    """The breakdown may stand there once more in the accounting currency."""
    for placed in view.terms("BT-110") if not view.is_cii else _taxes(view):
        own = placed.term.attributes.get("currency")
        groups = [group for group in view.groups("BG-23") if own is None or _currency(group, "BT-117") in (None, own)]
        found = to_cents(sum((amount_of(group, "BT-117") or _ZERO for group in groups), _ZERO))
        if (groups or view.is_cii) and number(placed.term.text) != found:
            yield Found(place(placed.group, "BT-110"), placed.text, f"{found:f}")


def _currency(group: Group, name: str) -> str | None:
    term = group.term(name)
    return None if term is None else term.attributes.get("currency")


def _gross(view: View) -> Iterator[Found]:
    """CII may leave out the tax where there is none."""
    if not view.has("BT-5"):
        return
    said, net, taxes = view.amount("BT-112"), view.amount("BT-109"), _taxes(view)
    if view.is_cii and said is not None and said == net:
        return
    tax = number(taxes[0].term.text) if len(taxes) == 1 else None
    found = None if net is None or tax is None else to_cents(net + tax)
    if said is None or said != found:
        where = next(iter(view.groups("BG-22")), view.invoice)
        yield Found(place(where, "BT-112"), view.text("BT-112"), _plain(found) or "one BT-110")


def _due(view: View) -> Iterator[Found]:
    """UBL compares rounded amounts where something was paid or rounded, CII as they are."""
    for document in _documents(view):
        said, gross = amount_of(document, "BT-115"), amount_of(document, "BT-112")
        paid, rounding = (amount_of(document, name) for name in ("BT-113", "BT-114"))
        found = None if gross is None else gross - (paid or _ZERO)
        if found is not None and paid is not None and not view.is_cii:
            found = to_cents(found)
        mine = None if said is None else said - (rounding or _ZERO)
        if mine is not None and rounding is not None and not view.is_cii:
            mine = to_cents(mine)
        if mine is None or mine != found:
            expected = _plain(None if found is None else found + (rounding or _ZERO))
            yield Found(place(document, "BT-115"), document.text("BT-115") or "", expected)


def tax_is_near(tax: Decimal | None, base: Decimal | None, rate: Decimal, *, within: bool) -> bool:
    """Whether a tax is that of its base to less than 1 (`within`: to 1), whatever the signs: the official tolerance."""
    if tax is None or base is None:
        return False
    off = abs(abs(tax) - to_cents(abs(base) * rate / 100))
    return off <= 1 if within else off < 1


def is_of_vat(view: View, group: Group) -> bool:
    """Whether an entry of the breakdown is one of VAT, be it without category."""
    return group.text("BT-118") is None or view.category(group, "BT-118") is not None


def _category_tax(view: View) -> Iterator[Found]:
    """Without a rate the tax has to round to nought. The official test asks that of rates below 0.5 as well; its text
    does not."""
    for group in view.groups("BG-23"):
        tax, base, rate = (amount_of(group, name) for name in ("BT-117", "BT-116", "BT-119"))
        rate = rate if is_of_vat(view, group) else None
        if not rate:
            is_right = tax is not None and to_units(tax) == 0
        else:
            is_right = tax_is_near(tax, base, rate, within=view.is_cii)
        if not is_right:
            expected = "0" if rate is None else _plain(None if base is None else to_cents(base * rate / 100))
            yield Found(place(group, "BT-117"), group.text("BT-117") or "", expected)


def _period(of: str, start: str, end: str) -> Callable[[View], Iterator[Found]]:
    def check(view: View) -> Iterator[Found]:
        for period in view.groups(of):
            only_code = of == "BG-14" and not view.is_cii and view.has("BT-8")
            if period.text(start) is None and period.text(end) is None and not only_code:
                yield Found(place(period), "", f"{start} or {end}")

    return check


def _when_due(view: View) -> Iterator[Found]:
    due = view.amount("BT-115")
    is_credit = view.invoice.syntax == "ubl credit note"
    if due is not None and due > 0 and not is_credit and not view.has("BT-9", "BT-20"):
        yield Found(place(view.invoice), f"BT-115 is {due:f}", "BT-9 or BT-20")


def _seller_known(view: View) -> Iterator[Found]:
    if not view.has("BT-29", "BT-30", "BT-31"):
        yield Found(place(next(iter(view.groups("BG-4")), view.invoice)), "", "BT-29, BT-30 or BT-31")


def _plain(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"


RULES = [
    tells("BR-CO-03", "both a tax point date and a code for it are given (BT-7, BT-8)",
          "Steuerdatum und Code dafür sind beide angegeben (BT-7, BT-8)", _tax_point),
    tells("BR-CO-04", "a line has no VAT category (BT-151)", "Umsatzsteuerkategorie einer Position (BT-151) fehlt",
          _category),
    tells("BR-CO-09", "a VAT identifier does not begin with the letters of a country (BT-31, BT-48, BT-63)",
          "eine Umsatzsteuer-Identifikationsnummer beginnt nicht mit dem Kürzel eines Landes (BT-31, BT-48, BT-63)",
          _prefix),
    tells("BR-CO-10", "the sum of the lines is not that of their net amounts (BT-106)",
          "die Summe der Positionen ist nicht die ihrer Nettobeträge (BT-106)", _sum("BT-106", "BT-131", "BG-25")),
    tells("BR-CO-11", "the sum of allowances is not that of the single ones (BT-107)",
          "die Summe der Nachlässe ist nicht die der einzelnen (BT-107)", _sum("BT-107", "BT-92", "BG-20")),
    tells("BR-CO-12", "the sum of charges is not that of the single ones (BT-108)",
          "die Summe der Zuschläge ist nicht die der einzelnen (BT-108)", _sum("BT-108", "BT-99", "BG-21")),
    tells("BR-CO-13", "the total without VAT is not lines - allowances + charges (BT-109)",
          "die Summe ohne Umsatzsteuer ist nicht Positionen - Nachlässe + Zuschläge (BT-109)", _net),
    tells("BR-CO-14", "the total of VAT is not the sum over its categories (BT-110)",
          "die Umsatzsteuer ist nicht die Summe ihrer Kategorien (BT-110)", _tax),
    tells("BR-CO-15", "the total with VAT is not the total without it + VAT (BT-112)",
          "die Summe mit Umsatzsteuer ist nicht die ohne + Umsatzsteuer (BT-112)", _gross),
    tells("BR-CO-16", "the amount due is not total with VAT - paid + rounding (BT-115)",
          "der fällige Betrag ist nicht Summe mit Umsatzsteuer - gezahlt + Rundung (BT-115)", _due),
    tells("BR-CO-17", "the tax of a VAT category is not its base × rate (BT-117)",
          "die Steuer einer Kategorie ist nicht Betrag × Satz (BT-117)", _category_tax),
    needs_group("BR-CO-18", "", "BG-23", "the invoice has no VAT breakdown (BG-23)",
                "Aufschlüsselung der Umsatzsteuer (BG-23) fehlt"),
    tells("BR-CO-19", "the invoicing period has neither start nor end (BG-14)",
          "der Abrechnungszeitraum hat weder Beginn noch Ende (BG-14)", _period("BG-14", "BT-73", "BT-74")),
    tells("BR-CO-20", "the period of a line has neither start nor end (BG-26)",
          "der Zeitraum einer Position hat weder Beginn noch Ende (BG-26)", _period("BG-26", "BT-134", "BT-135")),
    needs("BR-CO-21", "BG-20", "BT-97|BT-98", "an allowance on the invoice says neither reason nor code of it",
          "ein Nachlass auf die Rechnung nennt weder Grund noch Code", filled=False),
    needs("BR-CO-22", "BG-21", "BT-104|BT-105", "a charge on the invoice says neither reason nor code of it",
          "ein Zuschlag auf die Rechnung nennt weder Grund noch Code", filled=False),
    needs("BR-CO-23", "BG-27", "BT-139|BT-140", "an allowance of a line says neither reason nor code of it",
          "ein Nachlass auf eine Position nennt weder Grund noch Code", filled=False),
    needs("BR-CO-24", "BG-28", "BT-144|BT-145", "a charge of a line says neither reason nor code of it",
          "ein Zuschlag auf eine Position nennt weder Grund noch Code", filled=False),
    tells("BR-CO-25", "something is due, but neither due date nor terms of payment are given (BT-9, BT-20)",
          "ein Betrag ist fällig, aber weder Fälligkeit noch Zahlungsbedingungen sind angegeben (BT-9, BT-20)",
          _when_due),
    tells("BR-CO-26", "the seller has no identifier, registration or VAT number (BT-29, BT-30, BT-31)",
          "der Verkäufer hat weder Kennung noch Registrierung noch Umsatzsteuernummer (BT-29, BT-30, BT-31)",
          _seller_known),
]  # fmt: skip
