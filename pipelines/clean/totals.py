"""What the control totals of a source are compared with, added up exactly over everything received."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal, localcontext

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.clean.facts import ControlMeasured
from pipelines.contract import Contract
from pipelines.control_words import parts_of
from pipelines.profile import SourceRef
from pipelines.rowhash import plain

_EXACT = Context(prec=200)
_LONGEST = 38  # digits that a decimal128 holds
_WIDE = pa.decimal256(76, 0)


class Totals:
    """Sums of number columns that are no money (those are summed per currency elsewhere), cells and digits.

    `hash` and `count` are taken from the cells as received, of every record that has cells: a malformed one has none.
    A hash total is the sum over the cells of the whole number that their digits 0-9 make, without anything between
    them: 'DE-0042/7' counts 427, a cell without a digit 0.
    """

    def __init__(self, ref: SourceRef, contract: Contract, sources: Mapping[str, Sequence[str]]) -> None:
        money = {c.name for c in contract.money}
        wanted = {name: parts_of(name) for name in ref.source.controls}
        self._sums = {n: c for n, (what, c) in wanted.items() if what == "sum" and c and c not in money}
        self._cells = {
            n: (what, sources.get(c or "", [])) for n, (what, c) in wanted.items() if what in ("count", "hash")
        }
        self._totals = dict.fromkeys([*self._sums, *self._cells], Decimal(0))
        self._without_digit = dict.fromkeys(self._cells, 0)
        self._malformed = 0

    def add(self, raw: pa.RecordBatch, rows: pa.RecordBatch) -> None:
        """The records of a chunk, and the rows they became."""
        with localcontext(_EXACT):
            for name, column in self._sums.items():
                self._totals[name] += _sum(rows.column(column))
            if not self._cells:
                return
            self._malformed += raw.num_rows - raw.column("__problem").null_count
            sound = raw.filter(pc.is_null(raw.column("__problem")))
            for name, (what, columns) in self._cells.items():
                for source in columns:
                    self._add_cells(name, what, sound.column(source))

    def _add_cells(self, name: str, what: str, cells: pa.Array) -> None:
        texts = pc.fill_null(cells, "")
        if what == "count":
            self._totals[name] += pc.sum(pc.not_equal(pc.utf8_trim_whitespace(texts), "")).as_py() or 0
            return
        digits = pc.replace_substring_regex(texts, "[^0-9]", "")
        length = pc.binary_length(digits)
        self._without_digit[name] += pc.sum(pc.equal(length, 0)).as_py() or 0
        short = digits.filter(pc.and_(pc.greater(length, 0), pc.less_equal(length, _LONGEST)))
        self._totals[name] += pc.sum(short.cast(pa.decimal128(_LONGEST, 0)).cast(_WIDE)).as_py() or 0
        self._totals[name] += sum(map(int, digits.filter(pc.greater(length, _LONGEST)).to_pylist()))

    def measured(self) -> list[ControlMeasured]:
        """The totals so far; `remark` says what could not be counted."""
        out = []
        for name, value in self._totals.items():
            remarks = [f"{n} cells have no digit" for n in [self._without_digit.get(name)] if n]
            if name in self._cells:
                remarks += ["the file has no such column"] if not self._cells[name][1] else []
                remarks += [f"{self._malformed} malformed records have no cells"] if self._malformed else []
            out.append(ControlMeasured(name, plain(value), "; ".join(remarks)))
        return out


def _sum(numbers: pa.Array) -> Decimal:
    scale = getattr(numbers.type, "scale", 0)
    wide = numbers.cast(pa.decimal256(76, scale)) if pa.types.is_decimal(numbers.type) else numbers.cast(_WIDE)
    return Decimal(pc.sum(wide).as_py() or 0)
