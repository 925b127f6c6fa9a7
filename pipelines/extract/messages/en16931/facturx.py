"""BR-FXEXT: what the profile EXTENDED of Factur-X and ZUGFeRD 2 says of sums, instead of EN 16931.

It has lines that are groups or information for others (BT-X-8) and lets sums be off by a cent per amount added. Left
out: its rules about terms that it alone has, and its sums with logistics services (BT-X-272), which the tree of EN
16931 has no place for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from pipelines.extract.messages.en16931.presence import tells
from pipelines.extract.messages.en16931.rule import CENT, Found, View, amount_of, number, place
from pipelines.extract.messages.invoice import Group

_ZERO = Decimal(0)


def _lines(view: View) -> list[Group]:
    return [line for line in view.groups("BG-25") if line.text("BT-X-8") in (None, "", "DETAIL")]


def _line_amount(view: View) -> Iterator[Found]:
    for line in _lines(view):
        if line.text("BT-131") is None:
            yield Found(place(line), "", "BT-131")


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


def _gross(view: View) -> Iterator[Found]:
    taxes = view.terms("BT-110")
    said, net = view.amount("BT-112"), view.amount("BT-109")
    tax = number(taxes[0].term.text) if taxes else None
    if tax is None or said is None or net is None:
        return
    added = len(_lines(view)) + len(view.groups("BG-20")) + len(view.groups("BG-21"))
    if abs(said - net - tax) > CENT * max(added, 1):
        yield Found(place(view.groups("BG-22")[0], "BT-112"), f"{said:f}", f"{net + tax:f}")


RULES = [
    tells("BR-FXEXT-BR-24", "a line that is no group has no net amount (BT-131)",
          "Nettobetrag einer Position, die keine Gruppe ist (BT-131), fehlt", _line_amount),
    tells("BR-FXEXT-CO-04", "a line that is no group has no VAT category (BT-151)",
          "Umsatzsteuerkategorie einer Position, die keine Gruppe ist (BT-151), fehlt", _line_category),
    tells("BR-FXEXT-CO-10", "the sum of the lines is off by more than a cent per line (BT-106)",
          "die Summe der Positionen weicht um mehr als einen Cent je Position ab (BT-106)",
          _sum("BT-106", "BT-131", "BG-25")),
    tells("BR-FXEXT-CO-11", "the sum of allowances is off by more than a cent per allowance (BT-107)",
          "die Summe der Nachlässe weicht um mehr als einen Cent je Nachlass ab (BT-107)",
          _sum("BT-107", "BT-92", "BG-20")),
    tells("BR-FXEXT-CO-15", "the total with VAT is not the total without it + VAT, to a cent per amount (BT-112)",
          "die Summe mit Umsatzsteuer ist nicht die ohne + Umsatzsteuer, auf einen Cent je Betrag (BT-112)", _gross),
]  # fmt: skip
