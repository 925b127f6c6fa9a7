"""Row filters: which records are rows of this feed, which are nobody's, which a sibling takes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.clean.frame import Frame, by_distinct
from pipelines.clean.mapping import Binder
from pipelines.profile import Condition

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Test:
    """A condition bound to a column of the file. It sees the trimmed text of the cell."""

    column: str | None
    condition: Condition

    def holds(self, frame: Frame) -> Mask:
        """Whether it holds, row by row."""
        answer = by_distinct(frame.cell(self.column), self._holds_for, pa.bool_())
        return np.asarray(answer.to_numpy(zero_copy_only=False), dtype=np.bool_)

    def doubtful(self, frame: Frame) -> Mask:
        """Rows whose cell could not be made: no test sets them aside, they are rejects."""
        doubt = np.zeros(frame.rows, dtype=np.bool_)
        doubt[list(frame.faults(self.column))] = True
        return doubt

    def _holds_for(self, text: str) -> bool:
        condition = self.condition
        if condition.in_ is not None:
            return text in condition.in_
        if condition.not_in is not None:
            return text not in condition.not_in
        if condition.matches is not None:
            return re.fullmatch(condition.matches, text) is not None
        return (text == "") == condition.empty


def bind(conditions: Sequence[Condition], binder: Binder, needed_by: str) -> tuple[Test, ...]:
    """Find the column of each condition."""
    return tuple(Test(binder.one([c.column], needed_by), c) for c in conditions)


def first_failing(tests: Sequence[Test], frame: Frame) -> npt.NDArray[np.int16]:
    """Per row the number (from 1) of the first test that does not hold; 0 when all hold."""
    found = np.zeros(frame.rows, dtype=np.int16)
    for number, test in enumerate(tests, start=1):
        found[(found == 0) & ~test.holds(frame) & ~test.doubtful(frame)] = number
    return found


def first_holding(tests: Sequence[Test], frame: Frame) -> npt.NDArray[np.int16]:
    """Per row the number (from 1) of the first test that holds; 0 when none does."""
    found = np.zeros(frame.rows, dtype=np.int16)
    for number, test in enumerate(tests, start=1):
        found[(found == 0) & test.holds(frame) & ~test.doubtful(frame)] = number
    return found
