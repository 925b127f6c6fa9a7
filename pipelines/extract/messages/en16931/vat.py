"""BR-S, Z, E, AE, IC, G, O, AF, AG and B: the families of VAT categories.

Each category (standard rate, zero rate, exempt, reverse charge, …) has the same ten rules, which differ in what they
ask: how often it stands in the breakdown, whose VAT identifiers are needed, which rate, which base and tax, and whether
a reason of exemption is wanted. `FAMILIES` says it once for each; what is special is written out below.

AF and AG (Canary Islands, Ceuta and Melilla) were called IG and IP in early releases of the official artefacts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache, partial
from typing import Literal, NamedTuple

from pipelines.extract.messages.en16931.rule import (
    BusinessRule,
    Found,
    View,
    amount_of,
    number,
    place,
    to_cents,
)
from pipelines.extract.messages.en16931.totals import tax_is_near
from pipelines.extract.messages.invoice import Group

Kind = Literal["line", "allowance", "charge"]
_ZERO = Decimal(0)


@dataclass(frozen=True)
class Family:
    """One VAT category. `rate`: above 0, 0, at least 0, or none at all. `is_taxed`: tax is computed per rate, else it
    is nought and the category stands once in the breakdown. `seller` and `buyer`: which of their numbers are needed
    (`tax`: VAT or tax registration; `vat`: VAT; `legal`: VAT or legal registration), or `none` are allowed."""

    name: str
    code: str
    en: str
    de: str
    rate: Literal["above 0", "0", "0 or more", "none"]
    seller: Literal["tax", "vat", "none"]
    buyer: Literal["any", "vat", "legal", "none"] = "any"
    is_taxed: bool = False
    has_reason: bool = True


FAMILIES = (
    Family("S", "S", "standard rate", "Normalsatz", "above 0", "tax", is_taxed=True, has_reason=False),
    Family("Z", "Z", "zero rate", "Nullsatz", "0", "tax", has_reason=False),
    Family("E", "E", "exempt", "steuerbefreit", "0", "tax"),
    Family("AE", "AE", "reverse charge", "Umkehr der Steuerschuld", "0", "tax", "legal"),
    Family("IC", "K", "supply within the Community", "innergemeinschaftliche Lieferung", "0", "vat", "vat"),
    Family("G", "G", "export", "Ausfuhr", "0", "vat"),
    Family("O", "O", "outside VAT", "nicht steuerbar", "none", "none", "none"),
    Family("AF", "L", "tax of the Canary Islands", "Steuer der Kanaren", "0 or more", "tax", is_taxed=True,
           has_reason=False),
    Family("AG", "M", "tax of Ceuta and Melilla", "Steuer von Ceuta und Melilla", "0 or more", "tax", is_taxed=True,
           has_reason=False),
)  # fmt: skip
_BUYERS: Mapping[str, tuple[str, ...]] = {"any": (), "none": (), "vat": ("BT-48",), "legal": ("BT-48", "BT-47")}
_RATE_DE = {"above 0": "über 0", "0": "0", "0 or more": "mindestens 0", "none": "keiner"}
_PARTS: dict[Kind, tuple[str, str, str, str, str]] = {
    "line": ("BG-25", "BT-131", "BT-151", "a line", "eine Position"),
    "allowance": ("BG-20", "BT-92", "BT-95", "an allowance", "ein Nachlass"),
    "charge": ("BG-21", "BT-99", "BT-102", "a charge", "ein Zuschlag"),
}
_RATES: Mapping[Kind, str] = {"line": "BT-152", "allowance": "BT-96", "charge": "BT-103"}
_KINDS: tuple[Kind, ...] = ("line", "allowance", "charge")


class Part(NamedTuple):
    """A line, allowance or charge of a category; `rate` is its text, None when it has none."""

    group: Group
    amount: Decimal
    rate: str | None


def parts(view: View, code: str, kind: Kind, *, of_any_tax: bool = False) -> list[Part]:
    """The lines, or the allowances or charges on the invoice, of a VAT category, or of such a code of any tax."""
    return _by_category(view)[kind, of_any_tax].get(code, [])


@lru_cache(maxsize=1)
def _by_category(view: View) -> dict[tuple[Kind, bool], dict[str, list[Part]]]:
    """All parts by category, sorted once: the rules of nine families ask for them."""
    found: dict[tuple[Kind, bool], dict[str, list[Part]]] = {}
    for kind, (name, amount, category, *_) in _PARTS.items():
        of_vat, of_any = found.setdefault((kind, False), {}), found.setdefault((kind, True), {})
        for group in view.groups(name):
            taxes = group.all("BG-30") if kind == "line" else [group]
            value = amount_of(group, amount) or _ZERO
            for by, codes in (
                (of_vat, [view.category(tax, category) for tax in taxes]),
                (of_any, [tax.text(category) for tax in taxes]),
            ):
                for code in dict.fromkeys(filter(None, codes)):
                    by.setdefault(code, []).append(Part(group, value, taxes[codes.index(code)].text(_RATES[kind])))
    return found


def breakdown(view: View, code: str) -> list[Group]:
    """The entries of the VAT breakdown for a category."""
    return [group for group in view.groups("BG-23") if view.category(group, "BT-118") == code]


def _used(view: View, code: str) -> bool:
    return any(parts(view, code, kind) for kind in _KINDS)


def _in_breakdown(family: Family, view: View) -> Iterator[Found]:
    """In UBL a taxed category that nothing uses may not stand there, in CII an untaxed one."""
    times, used = len(breakdown(view, family.code)), _used(view, family.code)
    if family.is_taxed:
        is_wrong = used != (times > 0) if not view.is_cii else used and not times
    elif view.is_cii:
        is_wrong = times != 1 or not used if times or used else False
    else:
        is_wrong = (used or times > 0) and times != 1
    if is_wrong:
        expected = "at least once" if family.is_taxed else "once"
        yield Found(place(view.invoice), f"{family.code} {times} times in BG-23", expected if used else "only if used")


def _numbers(family: Family, kind: Kind, view: View) -> Iterator[Found]:
    mine = parts(view, family.code, kind)
    if not mine:
        return
    first = mine[0]
    if family.seller == "none":
        if given := [name for name in ("BT-31", "BT-48", "BT-63") if view.has(name)]:
            yield Found(place(first.group), ", ".join(given), "no VAT identifier")
        return
    sellers = ("BT-31", "BT-63", "BT-32") if family.seller == "tax" else ("BT-31", "BT-63")
    for names in (sellers, _BUYERS[family.buyer]):
        if names and not view.has(*names):
            yield Found(place(first.group), "", " or ".join(names))


def _rate(family: Family, kind: Kind, view: View) -> Iterator[Found]:
    for part in parts(view, family.code, kind):
        value = number(part.rate)
        if family.rate == "none":
            is_right = part.rate is None
        elif family.rate == "0":
            is_right = value is not None and value == 0
        else:
            is_right = value is not None and (value > 0 or (value == 0 and family.rate == "0 or more"))
        if not is_right:
            yield Found(place(part.group), "no rate" if part.rate is None else part.rate, family.rate)


def _base(family: Family, view: View) -> Iterator[Found]:
    """A taxed category per rate; UBL lets those be off by less than 1, CII the others. Codes of any tax count."""
    has_lines = bool(view.groups("BG-25"))
    for group in breakdown(view, family.code):
        rate = number(group.text("BT-119"))
        if family.is_taxed and rate is None:
            continue
        mine: dict[Kind, list[Part]] = {
            kind: [
                part
                for part in parts(view, family.code, kind, of_any_tax=True)
                if not family.is_taxed or number(part.rate) == rate
            ]
            for kind in _KINDS
        }
        sums = {kind: sum((part.amount for part in found), _ZERO) for kind, found in mine.items()}
        if view.is_cii:
            sums = {kind: to_cents(value) for kind, value in sums.items()}
        expected = sums["line"] + sums["charge"] - sums["allowance"]
        said = amount_of(group, "BT-116")
        is_loose = family.is_taxed != view.is_cii
        is_near = said is not None and (abs(said - expected) < 1 if is_loose else said == expected)
        has_parts = any(mine.values()) if family.name == "S" else has_lines
        if not is_near or not (has_parts or view.is_cii):
            yield Found(place(group, "BT-116"), group.text("BT-116") or "", f"{expected:f}")


def _tax(family: Family, view: View) -> Iterator[Found]:
    for group in breakdown(view, family.code):
        tax, base, rate = (amount_of(group, name) for name in ("BT-117", "BT-116", "BT-119"))
        is_right = (
            rate is not None and tax_is_near(tax, base, rate, within=False)
            if family.is_taxed
            else tax is not None and tax == 0
        )
        if not is_right:
            expected = "base × rate" if family.is_taxed else "0"
            yield Found(place(group, "BT-117"), group.text("BT-117") or "", expected)


def _reason(family: Family, view: View) -> Iterator[Found]:
    for group in breakdown(view, family.code):
        given = [name for name in ("BT-120", "BT-121") if group.text(name) is not None]
        if bool(given) != family.has_reason:
            yield Found(place(group), ", ".join(given), "BT-120 or BT-121" if family.has_reason else "neither")


def _needed(family: Family) -> tuple[str, str]:
    if family.seller == "none":
        return "a VAT identifier is given (BT-31, BT-48, BT-63)", "eine Umsatzsteuernummer ist angegeben"
    en = "the seller's VAT or tax number (BT-31, BT-32, BT-63)" if family.seller == "tax" else (
        "the seller's VAT number (BT-31, BT-63)")  # fmt: skip
    de = "Umsatzsteuer- oder Steuernummer des Verkäufers" if family.seller == "tax" else (
        "Umsatzsteuernummer des Verkäufers")  # fmt: skip
    more = {"any": ("", ""), "none": ("", ""), "vat": (" or the buyer's VAT number (BT-48)", " oder des Käufers"),
            "legal": (" or the buyer's VAT or registration number (BT-48, BT-47)",
                      " oder Nummer des Käufers")}[family.buyer]  # fmt: skip
    return f"{en}{more[0]} is missing", f"{de}{more[1]} fehlt"


def _rules(family: Family) -> Iterator[BusinessRule]:
    def rule(number: int, en: str, de: str, check: Callable[[View], Iterable[Found]]) -> BusinessRule:
        return BusinessRule(f"BR-{family.name}-{number:02}", f"{family.en}: {en}", f"{family.de}: {de}", check)

    times_en, times_de = ("at least once", "mindestens einmal") if family.is_taxed else ("exactly once", "genau einmal")
    yield rule(1, f"the category is used, but does not stand {times_en} in the VAT breakdown, or stands there unused",
               f"die Kategorie wird benutzt, steht aber nicht {times_de} in der Aufschlüsselung der Umsatzsteuer, oder "
               "sie steht dort unbenutzt", partial(_in_breakdown, family))  # fmt: skip
    numbers_en, numbers_de = _needed(family)
    for place_, kind in enumerate(_KINDS):
        of_en, of_de = _PARTS[kind][3:]
        yield rule(
            2 + place_,
            f"{of_en} is of this category, but {numbers_en}",
            f"{of_de} gehört zu dieser Kategorie, aber {numbers_de}",
            partial(_numbers, family, kind),
        )
        yield rule(5 + place_, f"the rate of {of_en} has to be {family.rate}",
                   f"{of_de}: erlaubter Steuersatz: {_RATE_DE[family.rate]}",
                   partial(_rate, family, kind))  # fmt: skip
    per_en, per_de = (" at this rate", " zu diesem Satz") if family.is_taxed else ("", "")
    yield rule(8, f"the taxable amount is not that of lines - allowances + charges{per_en} (BT-116)",
               f"der zu versteuernde Betrag ist nicht Positionen - Nachlässe + Zuschläge{per_de} (BT-116)",
               partial(_base, family))  # fmt: skip
    tax_en, tax_de = ("base × rate", "Betrag × Satz") if family.is_taxed else ("0", "0")
    yield rule(9, f"the tax is not {tax_en} (BT-117)", f"die Steuer ist nicht {tax_de} (BT-117)", partial(_tax, family))
    yield rule(10,
               "no reason of exemption is given (BT-120, BT-121)" if family.has_reason
               else "a reason of exemption is given (BT-120, BT-121)",
               "Grund der Befreiung (BT-120, BT-121) fehlt" if family.has_reason
               else "ein Grund der Befreiung ist angegeben (BT-120, BT-121)",
               partial(_reason, family))  # fmt: skip


def _delivered(view: View) -> Iterator[Found]:
    has_period = any(period.text(name) is not None for period in view.groups("BG-14") for name in ("BT-73", "BT-74"))
    if breakdown(view, "K") and not (view.text("BT-72") or has_period or (not view.is_cii and view.has("BT-8"))):
        yield Found(place(view.invoice), "", "BT-72 or BG-14")


def _delivered_to(view: View) -> Iterator[Found]:
    if breakdown(view, "K") and len(view.text("BT-80")) < 2:
        yield Found(place(view.invoice), view.text("BT-80"), "BT-80")


def _only_outside(what: Kind | None, view: View) -> Iterator[Found]:
    if not breakdown(view, "O"):
        return
    name = "BT-118" if what is None else _PARTS[what][2]
    for placed in view.terms(name):
        if view.category(placed.group, name) not in (None, "O"):
            yield Found(place(placed.group, name), placed.text, "O")


def _has_split_payment(view: View) -> bool:
    return any(placed.text == "B" for placed in view.terms("BT-118", "BT-95", "BT-102", "BT-151"))


def _domestic(view: View) -> Iterator[Found]:
    if _has_split_payment(view):
        for placed in view.terms("BT-40", "BT-55", "BT-69", "BT-80", "BT-159"):
            if placed.text != "IT":
                yield Found(place(placed.group), placed.text, "IT")


def _split_alone(view: View) -> Iterator[Found]:
    if _has_split_payment(view):
        for placed in view.terms("BT-118", "BT-95", "BT-102", "BT-151"):
            if placed.text == "S":
                yield Found(place(placed.group), "S", "only B")


RULES = [
    *(rule for family in FAMILIES for rule in sorted(_rules(family), key=lambda rule: rule.id)),
    BusinessRule("BR-IC-11", "supply within the Community: neither day of delivery nor period is given (BT-72, BG-14)",
                 "innergemeinschaftliche Lieferung: weder Lieferdatum noch Abrechnungszeitraum (BT-72, BG-14)",
                 _delivered),
    BusinessRule("BR-IC-12", "supply within the Community: the country of delivery is missing (BT-80)",
                 "innergemeinschaftliche Lieferung: das Land der Lieferung fehlt (BT-80)", _delivered_to),
    BusinessRule("BR-O-11", "outside VAT: the VAT breakdown has another category beside it (BT-118)",
                 "nicht steuerbar: die Aufschlüsselung hat daneben eine andere Kategorie (BT-118)",
                 partial(_only_outside, None)),
    BusinessRule("BR-O-12", "outside VAT: a line has another category (BT-151)",
                 "nicht steuerbar: eine Position hat eine andere Kategorie (BT-151)", partial(_only_outside, "line")),
    BusinessRule("BR-O-13", "outside VAT: an allowance has another category (BT-95)",
                 "nicht steuerbar: ein Nachlass hat eine andere Kategorie (BT-95)",
                 partial(_only_outside, "allowance")),
    BusinessRule("BR-O-14", "outside VAT: a charge has another category (BT-102)",
                 "nicht steuerbar: ein Zuschlag hat eine andere Kategorie (BT-102)", partial(_only_outside, "charge")),
    BusinessRule("BR-B-01", "split payment: the invoice is not between places in Italy",
                 "geteilte Zahlung: die Rechnung ist nicht inneritalienisch", _domestic),
    BusinessRule("BR-B-02", "split payment: a line, allowance or charge has the standard rate beside it",
                 "geteilte Zahlung: daneben steht etwas zum Normalsatz", _split_alone),
]  # fmt: skip
