"""Rows of a correction through the column map of the file they came from.

The map sees each record under its row number in the original, so that names of sheets and counted keys are those of
the original; what comes out has the row numbers of the workbook that brought it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import pyarrow as pa

from pipelines.clean.apply import Cleaned, Plan


@dataclass(frozen=True)
class Corrected:
    """What is known of the rows of a correction.

    `numbers`: row number in the workbook → in the original; `untouched`: rows of the workbook that nobody changed;
    `before`: the records of the original, read when keys are counted; `given`: (row number in the original, part) →
    key that an earlier correction gave.
    """

    numbers: Mapping[int, int]
    untouched: frozenset[int] = frozenset()
    before: Iterable[pa.RecordBatch] = ()
    given: Mapping[tuple[int, int], str] = field(default_factory=dict)

    def prepare(self, plan: Plan) -> None:
        """Number the rows of the original first, then leave out what nobody changed."""
        plan.keep_keys(self.before, self.given, set(self.numbers.values()))
        plan.left_out = frozenset(self.numbers[row] for row in self.untouched)

    def chunk(self, plan: Plan, raw: pa.RecordBatch) -> Cleaned:
        """Clean one raw batch of the correction."""
        rows = raw.column(0)
        there = pa.array([self.numbers[n] for n in rows.to_pylist()], pa.int64())
        back = dict(zip(there.to_pylist(), rows.to_pylist(), strict=True))
        cleaned = plan.chunk(raw.set_column(0, raw.schema.field(0), there))
        return replace(
            cleaned,
            table=_renumbered(cleaned.table, back),
            problems=_renumbered(cleaned.problems, back),
            unclaimed=[back[n] for n in cleaned.unclaimed],
        )


def _renumbered(batch: pa.RecordBatch, numbers: Mapping[int, int]) -> pa.RecordBatch:
    """The row number stands first, in rows and in problems."""
    found = pa.array([numbers[n] for n in batch.column(0).to_pylist()], pa.int64())
    return batch.set_column(0, batch.schema.field(0), found)
