"""Columns become rows: one record with twelve month columns is twelve rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.clean.filters import Mask
from pipelines.clean.frame import Frame, TakenFrame, empty_texts
from pipelines.clean.mapping import Binder
from pipelines.profile import Unpivot


@dataclass(frozen=True)
class Parts:
    """Rows made of records: `record` is the index of the record, `part` its number (0 = the record as a whole)."""

    frame: Frame
    record: npt.NDArray[np.int64]
    part: npt.NDArray[np.int32]
    without_parts: Mask


@dataclass(frozen=True)
class Unpivoter:
    """An unpivot rule bound to the columns of a file.

    Part n is the n-th column of the rule, so a part keeps its number when others are empty. A record that is
    `whole` (malformed or filtered) stays one row with part 0, as does one all of whose cells are empty.

    >>> # Konto;Jan;Feb;Mrz      →  part 1: Monat 01, Betrag 5;  part 3: Monat 03, Betrag 7
    >>> # 4711;5;;7
    """

    columns: tuple[str | None, ...]
    labels: tuple[str, ...]
    name: str
    value: str
    drop_empty: bool

    @classmethod
    def bind(cls, rule: Unpivot, binder: Binder) -> Unpivoter:
        """Find the columns."""
        columns = tuple(binder.one([c], "unpivot") for c in rule.columns)
        return cls(columns, tuple(rule.columns.values()), rule.name, rule.value, rule.drop_empty)

    def apply(self, frame: Frame, whole: Mask) -> Parts:
        """All rows of the records, in the order of records and parts."""
        is_row = np.zeros((frame.rows, len(self.columns) + 1), dtype=np.bool_)
        for part, column in enumerate(self.columns, start=1):
            is_row[:, part] = _filled(frame.cell(column)) if self.drop_empty else True
        is_row[whole, 1:] = False
        without = ~is_row.any(axis=1) & ~whole
        is_row[:, 0] = whole | without
        record, part_numbers = np.nonzero(is_row)
        stacked = pa.concat_arrays([empty_texts(frame.rows), *(frame.raw(c) for c in self.columns)])
        extra = {
            self.name: pa.array(["", *self.labels], pa.string()).take(pa.array(part_numbers)),
            self.value: stacked.take(pa.array(part_numbers * frame.rows + record)),
        }
        taken = TakenFrame(frame, pa.array(record), extra)
        return Parts(taken, record, part_numbers.astype(np.int32), without[record])


def _filled(cells: pa.Array) -> Mask:
    return np.asarray(pc.not_equal(cells, "").to_numpy(zero_copy_only=False), dtype=np.bool_)
