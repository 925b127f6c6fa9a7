"""What Peppol BIS Billing 3 asks of lines and their prices: the checks of rules that `peppol` names."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from pipelines.extract.messages.en16931.presence import day
from pipelines.extract.messages.en16931.rule import Found, View, amount_of, number, place, to_cents
from pipelines.extract.messages.invoice import Group

SLACK = Decimal("0.02")
"""What amounts may be off by."""

_DOCUMENTS = ("Line/DocumentReference", "SpecifiedLineTradeSettlement/AdditionalReferencedDocument")


def net_price(view: View) -> Iterator[Found]:
    """Where there is no discount the official test fails on a gross price; we take it as nought."""
    for price in view.groups("BG-29"):
        net, off, gross = (amount_of(price, name) for name in ("BT-146", "BT-147", "BT-148"))
        if gross is not None and net != gross - (off or 0):
            yield Found(place(price, "BT-146"), price.text("BT-146") or "", f"{gross - (off or 0):f}")


def within(mine: str, whole: str, is_start: bool, view: View) -> Iterator[Found]:
    """The day of a line lies within the period of the invoice."""
    bound = day(view.text(whole))
    for placed in view.terms(mine) if bound else ():
        found = day(placed.text)
        if found is None or bound is None or (found < bound if is_start else found > bound):
            yield Found(place(placed.group, mine), placed.text, f"within {whole} {view.text(whole)}")


def line_net(view: View) -> Iterator[Found]:
    """The net amount of a line is its quantity by its price, with its charges and allowances."""
    zero, one = Decimal(0), Decimal(1)
    for line in view.groups("BG-25"):
        price = line.first("BG-29") or Group("BG-29")
        quantity = amount_of(line, "BT-129")
        each, per = amount_of(price, "BT-146") or zero, amount_of(price, "BT-149") or one
        on, off = (
            to_cents(sum((amount_of(part, name) or zero for part in line.all(group)), zero))
            for group, name in (("BG-28", "BT-141"), ("BG-27", "BT-136"))
        )
        found = (one if quantity is None else quantity) * each / per + on - off
        if abs((amount_of(line, "BT-131") or zero) - found) > SLACK:
            yield Found(place(line, "BT-131"), line.text("BT-131") or "", f"{to_cents(found):f}")


def base_quantity(view: View) -> Iterator[Found]:
    """The quantity that a price is for is above 0."""
    for placed in view.terms("BT-149", "X-GrossQuantity"):
        value = number(placed.term.text)
        if value is None or value <= 0:
            yield Found(place(placed.group, "BT-149"), placed.text, "above 0")


def same_unit(view: View) -> Iterator[Found]:
    """The unit of a price is that of the quantity, which in CII has to be there."""
    for line in view.groups("BG-25"):
        unit = line.text("BT-130") or _unit_of(line, "BT-129")
        for price in line.all("BG-29"):
            for name in ("BT-150", "X-GrossUnit"):
                other = price.text(name) or (_unit_of(price, "BT-149") if name == "BT-150" else None)
                if other and unit != other and (unit or view.is_cii):
                    yield Found(place(price, "BT-150"), other, unit or "the unit of BT-129")


def _unit_of(group: Group, name: str) -> str | None:
    term = group.term(name)
    return None if term is None else term.attributes.get("unit")


def no_charge(view: View) -> Iterator[Found]:
    """A discount of a price says that it is none; CII may leave that unsaid."""
    for price in view.groups("BG-29"):
        said = price.text("X-ChargeIndicator")
        if said != "false" and (said is not None or (not view.is_cii and price.terms.get("BT-147"))):
            yield Found(place(price), said or "", "false")


def objects_of_line(view: View, *, many: bool) -> Iterator[Found]:
    """In CII other documents are not counted, and are let pass beside an object."""
    for line in view.groups("BG-25"):
        others = [found for found in line.unread if found.path.endswith(_DOCUMENTS)]
        objects = len(line.terms.get("BT-128", ()))
        counted = objects + (0 if view.is_cii else len(others))
        if many and counted > 1:
            yield Found(place(line), f"{counted} times", "at most once")
        elif not many and others and not (view.is_cii and objects):
            yield Found(f"{others[0].path}, line {others[0].line}", "", "type code 130")
