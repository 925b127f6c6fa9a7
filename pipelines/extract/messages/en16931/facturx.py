"""BR-FXEXT: what the profile EXTENDED of Factur-X and ZUGFeRD 2 says of sums, instead of EN 16931.

It has lines that are groups or information for others (BT-X-8), charges for logistics (in the tree charges like any)
and lets sums be off by a cent per amount added. Left out: its rules about terms that it alone has, but for groups of
lines, and its warnings. Where a category stands in the breakdown several times, for other reasons of exemption, its
bases are judged together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import partial

from pipelines.extract.messages.en16931.presence import tells
from pipelines.extract.messages.en16931.rule import CENT, Found, View, amount_of, number, place, reaching, to_cents
from pipelines.extract.messages.en16931.vat import FAMILIES, Family, Kind, Part, breakdown, parts
from pipelines.extract.messages.invoice import Group

_ZERO = Decimal(0)
_SIGNS: Mapping[Kind, int] = {"line": 1, "charge": 1, "allowance": -1}
_STANDARD = next(family for family in FAMILIES if family.name == "S")
_OF_OTHERS = "SpecifiedFinancialAdjustment/ActualAmount"
"""What is collected for somebody else."""


def _is_own(group: Group) -> bool:
    return group.text("BT-X-8") in (None, "", "DETAIL")


def _lines(view: View) -> list[Group]:
    return [line for line in view.groups("BG-25") if _is_own(line)]


def _line_has(path: str) -> Callable[[View], Iterator[Found]]:
    def check(view: View) -> Iterator[Found]:
        for line in _lines(view):
            if not any(True for _ in reaching(line, path)):
                yield Found(place(line), "", path.rpartition("/")[2])

    return check


def _line_category(view: View) -> Iterator[Found]:
    for line in _lines(view):
        if not any(view.category(vat, "BT-151") is not None for vat in line.all("BG-30")):
            yield Found(place(line), "", "BT-151")


def _sum(total: str, part: str, of: str) -> Callable[[View], Iterator[Found]]:
    def check(view: View) -> Iterator[Found]:
        groups = _lines(view) if of == "BG-25" else view.groups(of)
        parts = [value for group in groups if (value := amount_of(group, part)) is not None]
        for document in view.groups("BG-22"):
            if document.text(total) is None and not parts:
                continue
            said = amount_of(document, total)
            found = sum(parts, _ZERO)
            if said is None or abs(said - found) > CENT * len(parts):
                yield Found(place(document, total), document.text(total) or "", f"{found:f}")

    return check


def _net(view: View) -> Iterator[Found]:
    amounts = [amount_of(line, "BT-131") for line in _lines(view)]
    amounts += [-(amount_of(group, "BT-92") or _ZERO) for group in view.groups("BG-20")]
    amounts += [amount_of(group, "BT-99") for group in view.groups("BG-21")]
    found = sum((amount for amount in amounts if amount is not None), _ZERO)
    said = view.amount("BT-109")
    if said is not None and abs(said - found) > CENT * len(amounts):
        yield Found(place(view.groups("BG-22")[0], "BT-109"), f"{said:f}", f"{found:f}")


def _gross(view: View) -> Iterator[Found]:
    """Without a total of VAT it is the total without it, exactly."""
    taxes = view.terms("BT-110")
    said, net = view.amount("BT-112"), view.amount("BT-109")
    tax = number(taxes[0].term.text) if taxes else _ZERO
    if tax is None or said is None or net is None:
        return
    added = len(_lines(view)) + len(view.groups("BG-20")) + len(view.groups("BG-21"))
    if abs(said - net - tax) > (CENT * max(added, 1) if taxes else _ZERO):
        yield Found(place(view.groups("BG-22")[0], "BT-112"), f"{said:f}", f"{net + tax:f}")


def _due(view: View) -> Iterator[Found]:
    for document in view.groups("BG-22"):
        gross, paid, rounding = (amount_of(document, term) or _ZERO for term in ("BT-112", "BT-113", "BT-114"))
        others = [places for path, places in view.unread.items() if path.endswith(_OF_OTHERS)]
        due = gross - paid + rounding + sum((number(it.text) or _ZERO for at in others for _, it in at), _ZERO)
        if (said := document.text("BT-115")) is not None and number(said) != due:
            yield Found(place(document, "BT-115"), said, f"{due:f}")


def _parts(family: Family, kind: Kind, view: View) -> list[Part]:
    """What is of a category, without lines that are no more than others together."""
    return [part for part in parts(view, family.code, kind) if _is_own(part.group)]


def _in_breakdown(family: Family, view: View) -> Iterator[Found]:
    used = [part.group for kind in _SIGNS for part in _parts(family, kind, view)]
    entries = breakdown(view, family.code)
    if bool(used) != bool(entries):
        yield Found(place((used or entries)[0]), f"{len(entries)} times in BG-23", f"{family.code} where it is used")


def _by_rate(family: Family, view: View) -> Iterator[tuple[list[Group], Decimal, int]]:
    """The entries of a category at one rate, what its parts add up to, and how many they are."""
    entries: dict[Decimal | None, list[Group]] = {}
    for entry in breakdown(view, family.code):
        entries.setdefault(number(entry.text("BT-119")) if family.is_taxed else None, []).append(entry)
    for rate, mine in entries.items():
        added = [
            part.amount * sign
            for kind, sign in _SIGNS.items()
            for part in _parts(family, kind, view)
            if not family.is_taxed or number(part.rate) == rate
        ]
        yield mine, sum(added, _ZERO), len(added)


def _bases(family: Family, view: View) -> Iterator[Found]:
    for entries, expected, count in _by_rate(family, view):
        said = sum((amount_of(entry, "BT-116") or _ZERO for entry in entries), _ZERO)
        if abs(said - expected) > CENT * count:
            yield Found(place(entries[0], "BT-116"), f"{said:f}", f"{expected:f}")


def _standard_tax(view: View) -> Iterator[Found]:
    for entries, _, count in _by_rate(_STANDARD, view):
        for entry in entries:
            tax, base, rate = (amount_of(entry, term) or _ZERO for term in ("BT-117", "BT-116", "BT-119"))
            if abs(tax - base * rate / 100) > CENT * max(count, 1):
                yield Found(place(entry, "BT-117"), f"{tax:f}", f"{to_cents(base * rate / 100):f}")


def _reason(name: str, reason: str, code: str) -> Callable[[View], Iterator[Found]]:
    def check(view: View) -> Iterator[Found]:
        for group in view.groups(name):
            if reason not in group.terms and code not in group.terms:
                yield Found(place(group), "", f"{reason} or {code}")

    return check


def _parent_known(view: View) -> Iterator[Found]:
    known = {line.text("BT-126") for line in view.groups("BG-25")}
    for line in view.groups("BG-25"):
        if line.text("BT-X-304") and line.text("BT-X-304") not in known:
            yield Found(place(line, "BT-X-304"), line.text("BT-X-304") or "", "the number of a line")


def _kind_of_part(view: View) -> Iterator[Found]:
    for line in view.groups("BG-25"):
        if line.text("BT-X-304") and not line.text("BT-X-8"):
            yield Found(place(line), "", "BT-X-8")


def _group_sum(view: View) -> Iterator[Found]:
    """What is only information is in no sum."""
    parts: dict[str, list[Decimal | None]] = {}
    for line in view.groups("BG-25"):
        if line.text("BT-X-8") in ("DETAIL", "GROUP"):
            parts.setdefault(line.text("BT-X-304") or "", []).append(amount_of(line, "BT-131"))
    for line in view.groups("BG-25"):
        said = line.text("BT-131")
        if line.text("BT-X-8") != "GROUP" or not said:
            continue
        below = parts.get(line.text("BT-126") or "", [])
        found = sum((amount for amount in below if amount is not None), _ZERO)
        if None in below or number(said) != found:
            yield Found(place(line, "BT-131"), said, f"{found:f}")


RULES = [
    tells("BR-FXEXT-BR-22", "a line that is no group has no quantity (BT-129)",
          "Menge einer Position, die keine Gruppe ist (BT-129), fehlt", _line_has("BT-129")),
    tells("BR-FXEXT-BR-23", "the quantity of a line that is no group has no unit (BT-130)",
          "Einheit der Menge einer Position, die keine Gruppe ist (BT-130), fehlt", _line_has("BT-130")),
    tells("BR-FXEXT-BR-24", "a line that is no group has no net amount (BT-131)",
          "Nettobetrag einer Position, die keine Gruppe ist (BT-131), fehlt", _line_has("BT-131")),
    tells("BR-FXEXT-BR-26", "a line that is no group has no net price (BT-146)",
          "Nettopreis einer Position, die keine Gruppe ist (BT-146), fehlt", _line_has("BG-29/BT-146")),
    tells("BR-FXEXT-BR-38", "a charge has neither a reason nor its code (BT-104, BT-105)",
          "ein Zuschlag hat weder Grund noch dessen Code (BT-104, BT-105)", _reason("BG-21", "BT-104", "BT-105")),
    tells("BR-FXEXT-BR-44", "a charge of a line has neither a reason nor its code (BT-144, BT-145)",
          "ein Zuschlag einer Position hat weder Grund noch dessen Code (BT-144, BT-145)",
          _reason("BG-28", "BT-144", "BT-145")),
    tells("BR-FXEXT-CO-04", "a line that is no group has no VAT category (BT-151)",
          "Umsatzsteuerkategorie einer Position, die keine Gruppe ist (BT-151), fehlt", _line_category),
    tells("BR-FXEXT-CO-10", "the sum of the lines is off by more than a cent per line (BT-106)",
          "die Summe der Positionen weicht um mehr als einen Cent je Position ab (BT-106)",
          _sum("BT-106", "BT-131", "BG-25")),
    tells("BR-FXEXT-CO-11", "the sum of allowances is off by more than a cent per allowance (BT-107)",
          "die Summe der Nachlässe weicht um mehr als einen Cent je Nachlass ab (BT-107)",
          _sum("BT-107", "BT-92", "BG-20")),
    tells("BR-FXEXT-CO-12", "the sum of charges is off by more than a cent per charge (BT-108)",
          "die Summe der Zuschläge weicht um mehr als einen Cent je Zuschlag ab (BT-108)",
          _sum("BT-108", "BT-99", "BG-21")),
    tells("BR-FXEXT-CO-13", "the total without VAT is off by more than a cent per amount (BT-109)",
          "die Summe ohne Umsatzsteuer weicht um mehr als einen Cent je Betrag ab (BT-109)", _net),
    tells("BR-FXEXT-CO-15", "the total with VAT is not the total without it + VAT, to a cent per amount (BT-112)",
          "die Summe mit Umsatzsteuer ist nicht die ohne + Umsatzsteuer, auf einen Cent je Betrag (BT-112)", _gross),
    tells("BR-FXEXT-CO-16", "the amount due is not the total - paid + rounding + what is collected for others (BT-115)",
          "der fällige Betrag ist nicht Summe - bezahlt + Rundung + für andere Erhobenes (BT-115)", _due),
    *(tells(f"BR-FXEXT-{family.name}-01",
            f"{family.en} is used and not in the VAT breakdown, or is there and not used ({family.code})",
            f"{family.de} wird verwendet und fehlt in der Aufschlüsselung, oder umgekehrt ({family.code})",
            partial(_in_breakdown, family)) for family in FAMILIES),
    *(tells("BR-FXEXT-S08b" if family is _STANDARD else f"BR-FXEXT-{family.name}-08b",
            f"{family.en}: the base is off by more than a cent per amount of it (BT-116, {family.code})",
            f"{family.de}: der Grundbetrag weicht um mehr als einen Cent je Betrag ab (BT-116, {family.code})",
            partial(_bases, family)) for family in FAMILIES),
    tells("BR-FXEXT-S-09b", "the tax of the standard rate is off by more than a cent per amount of it (BT-117)",
          "die Steuer zum Normalsatz weicht um mehr als einen Cent je Betrag ab (BT-117)", _standard_tax),
    tells("BR-FXEXT-06", "a line below another does not say what it is (BT-X-304, BT-X-8)",
          "eine Position unter einer anderen sagt nicht, was sie ist (BT-X-304, BT-X-8)", _kind_of_part),
    tells("BR-FXEXT-08", "the amount of a group of lines is not the sum of those below it (BT-131, BT-X-304)",
          "der Betrag einer Gruppe von Positionen ist nicht die Summe derer unter ihr (BT-131, BT-X-304)", _group_sum),
    tells("BR-FXEXT-11", "a line stands below one that there is not (BT-X-304)",
          "eine Position steht unter einer, die es nicht gibt (BT-X-304)", _parent_known),
]  # fmt: skip
