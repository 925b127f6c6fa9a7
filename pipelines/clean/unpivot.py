"""Columns become rows: one record with twelve month columns is twelve rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.clean.filters import Mask
from pipelines.clean.frame import Fault, Frame, TakenFrame, empty_texts
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
            is_row[:, part] = _filled(frame, column) if self.drop_empty else True
        is_row[whole, 1:] = False
        without = ~is_row.any(axis=1) & ~whole
        is_row[:, 0] = whole | without
        record, part_numbers = np.nonzero(is_row)
        stacked = pa.concat_arrays([empty_texts(frame.rows), *(frame.raw(c) for c in self.columns)])
        extra = {
            self.name: pa.array(["", *self.labels], pa.string()).take(pa.array(part_numbers)),
            self.value: stacked.take(pa.array(part_numbers * frame.rows + record)),
        }
        taken = TakenFrame(frame, pa.array(record), extra, {self.value: self._faults(frame, record, part_numbers)})
        return Parts(taken, record, part_numbers.astype(np.int32), without[record])

    def _faults(
        self, frame: Frame, record: npt.NDArray[np.int64], part_numbers: npt.NDArray[np.int64]
    ) -> dict[int, Fault]:
        """Rows whose value is a cell that could not be computed."""
        faults: dict[int, Fault] = {}
        for part, column in enumerate(self.columns, start=1):
            if of_column := frame.faults(column):
                rows = np.flatnonzero(part_numbers == part).tolist()
                faults |= {at: of_column[int(record[at])] for at in rows if int(record[at]) in of_column}
        return faults


def _filled(frame: Frame, column: str | None) -> Mask:
    """Cells with something in them; one that could not be computed is no empty one."""
    filled = np.array(pc.not_equal(frame.cell(column), "").to_numpy(zero_copy_only=False), dtype=np.bool_)
    filled[list(frame.faults(column))] = True
    return filled
