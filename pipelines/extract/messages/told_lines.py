"""How a line is known that reports and notices tell as often as they like: by its day and the bank's reference.

Two real bookings may agree in day, reference and amount (two payments of 5.00 at one counter). Within one message they
are two lines, the first and the second of their kind; in another message the first is the first again.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from pipelines.extract.messages.mt940_fields import amount_of

_NO_REFERENCE = frozenset({"", "NONREF", "NOTPROVIDED"})
"""What banks write where they have no reference."""


class ToldLines:
    """The lines of one message, as they are counted."""

    def __init__(self) -> None:
        self._times: Counter[int] = Counter()  # of hashes: 8 bytes of a line and not its text

    def cells(self, days: tuple[str, ...], references: tuple[str, ...], amount: str) -> dict[str, str]:
        """`told_day` (the first day there is) and `told_line`, both empty for a line without a reference.

        REF1 and -5.00 → REF1/-5.00, and REF1/-5.00#2 for the second such line of the day.
        """
        reference = next((r for r in references if r not in _NO_REFERENCE), "")
        day = next(filter(None, days), "")
        if not reference or not day:
            return {"told_day": "", "told_line": ""}
        name = f"{reference}/{_shortest(amount)}"
        return {"told_day": day, "told_line": numbered(name, self.again(day, name))}

    def again(self, *same: str) -> int:
        """How often what is the same in two lines was there by now, from 1."""
        key = hash(same)
        self._times[key] += 1
        return self._times[key]


def numbered(name: str, times: int) -> str:
    """The name, and behind that of a second one like it its number."""
    return name if times == 1 else f"{name}#{times}"


def _shortest(amount: str) -> str:
    """The amount with two decimals or those it needs: 5, 5.0 and 5.00 are one."""
    plain = amount_of(amount)
    if not plain:
        return amount
    value = Decimal(plain)
    cents = value.quantize(Decimal("0.01"))
    return f"{cents if cents == value else value.normalize():f}"
