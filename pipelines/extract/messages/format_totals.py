"""Totals that the messages of one file promise, handed on as totals of the file."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from pipelines.extract.facts import FormatTotal

MAX_BROKEN = 20
"""Messages whose totals differ are named one by one up to so many."""


class Totals:
    """What all messages of a file promise: their sums, and each difference by itself, since two may cancel out."""

    def __init__(self) -> None:
        self._sums: dict[str, tuple[Decimal, Decimal, str]] = {}
        self._broken: list[FormatTotal] = []

    def add(self, compared: Iterable[tuple[str, Decimal | None, Decimal, str]], number: int, where: str) -> None:
        """Take the totals of one message: name, what it says (None: no number), what was found, what stands."""
        for name, said, found, text in compared:
            before = self._sums.get(name, (Decimal(), Decimal(), where))
            self._sums[name] = before[0] + (said or 0), before[1] + found, before[2]
            if said != found and len(self._broken) < MAX_BROKEN:
                self._broken.append(FormatTotal(f"{name}_of_{number}", text, f"{found:f}", where))

    def found(self) -> list[FormatTotal]:
        """All totals of the file."""
        sums = [FormatTotal(name, f"{s:f}", f"{f:f}", where) for name, (s, f, where) in self._sums.items()]
        return [*sums, *self._broken]
