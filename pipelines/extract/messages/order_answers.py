"""What an answer to an order leaves of a line, the same for ORDRSP of EDIFACT and 855 and 865 of X12.

A line may be answered in parts: some of it is taken, some on hold, some comes later, some not at all. What is taken, on
hold or back-ordered is still to come; a part without a quantity is what the other parts leave of the order.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

Cells = dict[str, str]


class Answered(NamedTuple):
    """A part of a line: `code` accepted, changed, backordered, on_hold or rejected; `quantity` None where it has none;
    `is_balance_later`: what it leaves of the order comes later."""

    code: str
    quantity: Decimal | None
    date: str = ""
    is_balance_later: bool = False


def line_answer(ordered: Decimal | None, parts: Sequence[Answered], whole: str) -> Cells:
    """What comes of a line with these parts; `whole` is the answer to the order, which a line without parts shares.

    `accepted_quantity` is still to come, `cancelled_quantity` is not, `backorder_quantity` comes later;
    `agreed_quantity` is the accepted one, of a line that is not accepted the ordered one. The day is that of the part
    that comes last.
    """
    if whole == "rejected":
        parts = [Answered("rejected", None)]
    elif not parts and whole:
        parts = [Answered(whole, None)]
    kept = [p for p in parts if p.code != "rejected"]
    left = _left(ordered, parts)
    accepted = left if parts else ordered
    cells = {"line_answer_code": _word(parts, ordered, accepted)}
    if accepted is not None:
        cells["accepted_quantity"] = plain(accepted)
        cells["agreed_quantity"] = plain(accepted or ordered or accepted)
        if ordered is not None and accepted < ordered:
            cells["cancelled_quantity"] = plain(ordered - accepted)
    elif cells["line_answer_code"] == "accepted":
        cells["stands_as_ordered"] = "true"
    if later := _later(kept, accepted):
        cells["backorder_quantity"] = plain(later)
    cells["promised_date"] = max((p.date for p in kept), default="")
    return {name: value for name, value in cells.items() if value}


def plain(value: Decimal) -> str:
    """A quantity in plain digits: 16.00 as 16."""
    return f"{(value or Decimal(0)).normalize():f}"


def _left(ordered: Decimal | None, parts: Sequence[Answered]) -> Decimal | None:
    """What is still to come; None where nobody says how much that is."""
    kept = [p for p in parts if p.code != "rejected"]
    refused = [p.quantity for p in parts if p.code == "rejected"]
    said = sum((p.quantity for p in kept if p.quantity is not None), Decimal(0))
    if kept and all(p.quantity is not None and not p.is_balance_later for p in kept):
        # two answers to all of a line, as of its price and of its day, are no two lots
        return ordered if ordered is not None and said > ordered and ordered in [p.quantity for p in kept] else said
    if not kept and None in refused:
        return Decimal(0)
    if ordered is None:
        return None
    return max(said, ordered - sum((q for q in refused if q is not None), Decimal(0)))


def _later(kept: Sequence[Answered], accepted: Decimal | None) -> Decimal:
    told = [p.quantity for p in kept if p.code == "backordered" and p.quantity is not None and not p.is_balance_later]
    at_once = [p.quantity for p in kept if p.code != "backordered" or p.is_balance_later]
    if not told and accepted is not None and any(p.is_balance_later for p in kept) and None not in at_once:
        return accepted - sum((q for q in at_once if q is not None), Decimal(0))
    return sum(told, Decimal(0))


def _word(parts: Sequence[Answered], ordered: Decimal | None, accepted: Decimal | None) -> str:
    """The answer to a line in a word: of several the one that asks most of a reader."""
    codes = {p.code for p in parts}
    if not codes:
        return ""
    if codes == {"rejected"} and not accepted:
        return "rejected"
    differs = ordered is not None and accepted is not None and accepted != ordered
    for code in ("backordered", "on_hold"):
        if code in codes:
            return code
    return "changed" if differs or codes != {"accepted"} else "accepted"
