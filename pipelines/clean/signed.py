"""Signed amounts made of a debit and a credit column, or of an amount and its indicator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from pipelines import profile
from pipelines.clean.column import CleanedColumn, ColumnCleaner
from pipelines.clean.frame import Cells, Fault, Frame, by_distinct, indices_where, joined_filled, nothing_as_null
from pipelines.reject import Baseline
from pipelines.rowhash import canonical

TERM_TYPE = "numeric(37,12)"
"""What the terms are read as: more digits than any amount has, and room to subtract two of them exactly."""

Terms = Callable[[], ColumnCleaner]
"""Gives the cleaner of the terms: numbers in the locale of the column."""


@dataclass(frozen=True)
class Signed:
    """`signed`: a number in plain form ('-1234.5'), exact.

    debit − credit, an empty one counting as nothing; both empty gives nothing. Or the amount, negated when the
    indicator is one of `negative`; a text that is neither in `negative` nor in `positive` is an unknown code.

    Soll 100,00, Haben '' → 100;  Soll '', Haben 30,50 → -30.5;  12,00 with H → -12 (negative: [H])
    """

    first: str | None
    second: str | None
    negative: frozenset[str] | None
    positive: frozenset[str]
    cleaner: ColumnCleaner
    exact: bool = True

    @classmethod
    def bind(cls, rule: profile.Signed, one: Callable[[Sequence[str]], str | None], terms: Terms) -> Signed:
        """Find the columns."""
        if rule.debit is not None:
            return cls(one(rule.debit), one(rule.credit or []), None, frozenset(), terms())
        negative, positive = frozenset(rule.negative or ()), frozenset(rule.positive or ())
        return cls(one(rule.amount or []), one(rule.indicator or []), negative, positive, terms())

    @property
    def said(self) -> str:
        """Words for `explain`."""
        return "debit − credit" if self.negative is None else "amount with the sign of its indicator"

    @property
    def sources(self) -> tuple[str, ...]:
        """Source columns, those that the file has."""
        return tuple(c for c in (self.first, self.second) if c is not None)

    def read(self, frame: Frame) -> Cells:
        """The signed numbers; the originals are the filled cells."""
        cells = [frame.cell(c) for c in (self.first, self.second)]
        filled = [nothing_as_null(c) for c in cells]
        originals = joined_filled(filled, " | ")
        values, faults = self._by_columns(cells) if self.negative is None else self._by_indicator(cells, self.negative)
        return Cells(pc.fill_null(canonical(values), ""), originals, faults)

    def _by_columns(self, cells: Sequence[pa.Array]) -> tuple[pa.Array, dict[int, Fault]]:
        debit, credit = (self.cleaner.clean(c) for c in cells)
        nothing = pc.and_(pc.is_null(debit.values), pc.is_null(credit.values))
        zero = pa.scalar(0, pa.int64()).cast(debit.values.type)
        difference = pc.subtract(pc.fill_null(debit.values, zero), pc.fill_null(credit.values, zero))
        values = pc.if_else(nothing, pa.scalar(None, difference.type), difference)
        return values, {**_faults(credit, self.second), **_faults(debit, self.first)}

    def _by_indicator(self, cells: Sequence[pa.Array], negative: frozenset[str]) -> tuple[pa.Array, dict[int, Fault]]:
        amount = self.cleaner.clean(cells[0])

        def is_negative(text: str) -> bool | None:
            return True if text in negative else False if text in self.positive else None

        signs = by_distinct(cells[1], is_negative, pa.bool_())
        unknown = pc.and_(pc.is_null(signs), pc.is_valid(amount.values))
        message = f"expected an indicator out of {', '.join(sorted(negative | self.positive))}"
        faults = dict.fromkeys(indices_where(unknown), Fault(Baseline.UNKNOWN_CODE, message))
        values = pc.if_else(signs, pc.negate(amount.values), amount.values)
        return values, {**faults, **_faults(amount, self.first)}


def _faults(cleaned: CleanedColumn, column: str | None) -> dict[int, Fault]:
    return {p.index: Fault(p.kind, f"{column}: {p.message}") for p in cleaned.problems}
