"""What all message formats have in common: records of a table with fixed columns, and the totals of the format.

**Row number** is the ordinal of the record in its table, from 1; every table has a column `position` that says where
the record stands in the message, as people who know the format would say it.

**Cells** are the text of the message. What a format writes without separators or in parts (dates of six digits, an
amount and its sign) stays as written, and the default words of the format say how it is read; a table may have columns
with the same made plain beside them.

**Totals** that the format itself promises (number of entries, segments, sums) are counted while reading; `Tally.totals`
holds what is said and what was found, and the gate holds a delivery where they differ.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from pipelines.extract.named import NamedRecords
from pipelines.extract.table import Table, Tally
from pipelines.formats import columns_of
from pipelines.profile import Format


class Record(NamedTuple):
    """One record: its cells by column, those without a value left out; `problem` says why it cannot be laid out."""

    row: int
    cells: Mapping[str, str]
    problem: str | None = None
    raw: str = ""


class MessageTable(Table):
    """A file of a message format. A reader of a format is a subclass called `Messages` with `records`.

    Faults of the whole file (not of this format, cut off, ill-formed) are raised as DeliveryError with the place; what
    is wrong with one record is its `problem`; what the table has no column for is told in `tally.warnings`.
    """

    def __init__(self, path: Path, fmt: Format, tally: Tally, name: str) -> None:
        self.tally = tally
        self.path, self.fmt, self.name = path, fmt, name
        self.columns = columns_of(fmt.type, fmt.table)

    @abstractmethod
    def records(self) -> Iterator[Record]:
        """The records of the table in the order of the file; read once, in bounded memory."""

    def pieces(self) -> Iterator[pa.RecordBatch]:
        """The records, in batches of a bounded number of cells."""
        laid_out = NamedRecords(self.columns, [], self.tally)
        builder = laid_out.builder()
        for record in self.records():
            if record.problem:
                builder.take_malformed(record.row, record.problem, record.raw)
            else:
                builder.take(record.row, record.cells)
            if builder.full:
                yield builder.batch()
                builder = laid_out.builder()
        yield builder.batch()
        laid_out.finish()

    def close(self) -> None:
        """Nothing stays open here; a reader that keeps its file open overrides this."""
