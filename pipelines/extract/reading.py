"""Read any file as a table of text, without a profile, a database or Airflow.

>>> from pipelines.extract import read
>>> for chunk in read("OP_2026-10.csv", {"delimiter": ";"}):  # doctest: +SKIP
...     for row in chunk.rows():
...         print(row.number, row.cells, row.problem)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from pipelines.dialect import MESSAGE_TYPES, Format, words_from_json
from pipelines.extract.members import SEPARATOR, listing, opened, split_name
from pipelines.extract.messages.gdpdu_files import names_with
from pipelines.extract.messages.gdpdu_index import Beside, index_names
from pipelines.extract.reader import Reader, read_table
from pipelines.extract.sniff import Proposal, propose
from pipelines.extract.table import CELLS, LEAD, PROBLEM, ROW
from pipelines.settings import CHUNK_ROWS

LENIENT: Mapping[str, Any] = {"stray_quotes": "literal", "cut_off": "keep"}
"""Without a profile nobody has said what becomes of a doubtful record: the reading that fits the table is shown."""


class Row(NamedTuple):
    """One record: its row number, its cells as far as they can be told apart, and what is wrong with it if anything."""

    number: int
    cells: list[str]
    problem: str | None


@dataclass(frozen=True)
class Chunk:
    """Some records of a file, in order.

    `columns` names the source columns; `batch` has the schema of `table.raw_schema(columns)`: row number, problem, raw
    text and cells of malformed records, then one text column per source column.
    """

    columns: list[str]
    batch: pa.RecordBatch

    def rows(self) -> Iterator[Row]:
        """The records one by one; a malformed one has as many cells as it was found with."""
        numbers, problems = self.batch.column(ROW).to_pylist(), self.batch.column(PROBLEM).to_pylist()
        ragged = self.batch.column(CELLS)
        columns = [self.batch.column(i).to_pylist() for i in range(len(LEAD), self.batch.num_columns)]
        regular: Iterator[tuple[str, ...]] = zip(*columns, strict=True) if columns else iter([()] * len(numbers))
        for i, cells in enumerate(regular):
            problem = problems[i]
            yield Row(numbers[i], list(cells) if problem is None else ragged[i].as_py(), problem)


def read(
    path: str | Path,
    dialect: Format | Mapping[str, Any] | None = None,
    *,
    locale: str = "en_US",
    chunk_rows: int = CHUNK_ROWS,
) -> Iterator[Chunk]:
    """Read a file chunk by chunk; raises DeliveryError when it cannot be read.

    A packed file (gzip, bzip2, xz, zstd) is read through, and so is a member of an archive: `pack.zip!/hr/staff.csv`.

    What the dialect leaves open is found out from the file (`sniff` tells what and why). `locale` gives the decimal
    sign in which the numbers of a workbook are written. Chunks come as they are read, of at most `chunk_rows` records;
    memory is bounded by them, not by the file.
    """
    _, reader = open_table(path, dialect, locale=locale, chunk_rows=chunk_rows)
    with reader:
        for batch in reader.batches(full=False):
            yield Chunk(reader.columns, batch)


def open_table(
    path: str | Path,
    dialect: Format | Mapping[str, Any] | None = None,
    *,
    locale: str = "en_US",
    chunk_rows: int = CHUNK_ROWS,
) -> tuple[Proposal | None, Reader]:
    """The same file open behind its header, and what was found out about it (None when the dialect says all)."""
    path, member, name = Path(path), None, Path(path).name
    if SEPARATOR in str(path) and not path.exists():
        outer, member = split_name(str(path))
        path, name = Path(outer), f"{Path(outer).name}{SEPARATOR}{member}"
    with ExitStack() as stack:
        try:
            content = stack.enter_context(opened(path, member, name=name))
        except FileNotFoundError:
            content = path  # said by the reader
        proposal = None
        if not isinstance(dialect, Format) and (dialect or {}).get("type") in MESSAGE_TYPES:
            dialect = Format.model_validate(words_from_json(dialect or {}))  # says all: nothing is left to find out
        if not isinstance(dialect, Format):
            proposal = propose(content, {**LENIENT, **words_from_json(dialect or {})})
            dialect = proposal.format
        index = _index(stack, path, name, dialect) if member is not None else None
        reader = read_table(content, dialect, locale, chunk_rows=chunk_rows, name=name, index=index)
        reader.closing = stack.pop_all()
    return proposal, reader


def _index(stack: ExitStack, archive: Path, name: str, fmt: Format) -> Beside | None:
    """The index of an export that lies in the same archive as the member, unpacked for as long as the member is."""
    if fmt.type != "gdpdu":
        return None
    there = {m.name.casefold(): m.name for m in listing(archive, archive.name)}
    for wanted in index_names(name, fmt.index):
        if member := there.get((split_name(wanted)[1] or "").casefold()):
            found = f"{archive.name}{SEPARATOR}{member}"
            return Beside(
                stack.enter_context(opened(archive, member, name=found)), found, partial(names_with, archive, found)
            )
    return None
