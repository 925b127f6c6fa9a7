"""One way to read any file: `read_table` gives chunks of raw text cells, and afterwards the facts of the file."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import DeliveryError
from pipelines.extract.delimited import DelimitedTable
from pipelines.extract.facts import FileFacts
from pipelines.extract.table import LEAD, PROBLEM, ROW, Table, Tally, count_of, raw_schema, wanted_cells
from pipelines.extract.workbook import WorkbookTable
from pipelines.profile import Format
from pipelines.settings import CHUNK_ROWS

MAX_CHUNK_BYTES = 256 << 20
"""A chunk is closed early when its text is larger: wide records must not multiply the memory of every step."""


class Reader:
    """A file open for reading once: `schema` and `columns` at once, `batches()`, then `facts`.

    Use it as a context manager, or exhaust it: both close the file.
    """

    def __init__(self, table: Table, path: Path, name: str, chunk_rows: int) -> None:
        self.columns: list[str] = table.columns
        self.schema: pa.Schema = raw_schema(table.columns)
        self._table = table
        self._size = path.stat().st_size
        self._name = name
        self._chunk_rows = chunk_rows
        self._facts: FileFacts | None = None

    @property
    def facts(self) -> FileFacts:
        """Counts and cells of the file; known once `batches()` is exhausted."""
        if self._facts is None:
            raise RuntimeError("the facts of a file are known when all its batches have been read")
        return self._facts

    def close(self) -> None:
        """Release the file."""
        self._table.close()

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The records in file order, at most `chunk_rows` in each batch; none for a file without records."""
        keep = self._table.tally.footer_rows
        records = malformed = 0
        held = pa.table([pa.array([], f.type) for f in self.schema], schema=self.schema)
        try:
            for piece in self._table.pieces():
                held = pa.concat_tables([held, pa.Table.from_batches([piece], self.schema)])
                while self._full(held.num_rows - keep, held):
                    chunk = _batch(held.slice(0, min(self._chunk_rows, held.num_rows - keep)))
                    held = held.slice(chunk.num_rows)
                    records, malformed = records + chunk.num_rows, malformed + _malformed(chunk)
                    yield chunk
            footer = held.slice(max(held.num_rows - keep, 0))
            rest = held.slice(0, held.num_rows - footer.num_rows)
            del held
            if rest.num_rows:
                chunk = _batch(rest)
                records, malformed = records + chunk.num_rows, malformed + _malformed(chunk)
                yield chunk
            self._facts = self._collect(footer, records, malformed)
        finally:
            self.close()

    def _full(self, rows: int, held: pa.Table) -> bool:
        return rows >= self._chunk_rows or (rows > 0 and held.nbytes > MAX_CHUNK_BYTES)

    def _collect(self, footer: pa.Table, records: int, malformed: int) -> FileFacts:
        tally = self._table.tally
        if footer.num_rows < tally.footer_rows:
            raise DeliveryError(
                "footer is missing",
                where=self._name,
                got=count_of(footer.num_rows, "record"),
                expected=f"at least the {count_of(tally.footer_rows, 'footer record')}",
                next_step="send the complete file again",
            )
        ragged = dict(tally.malformed_cells)
        lines = zip(*(c.to_pylist() for c in footer.columns), strict=True)
        rows = footer[ROW].to_pylist()
        return FileFacts(
            size=self._size,
            encoding=tally.encoding,
            columns=self.columns,
            records=records,
            malformed=malformed,
            header_rows=tally.header,
            preamble_rows=tally.preamble,
            blank_rows=tally.blank,
            comment_rows=tally.comments,
            footer=[cells for _, cells in tally.footers]
            + [
                ragged[row] if row in ragged else list(line[len(LEAD) :]) for row, line in zip(rows, lines, strict=True)
            ],
            footer_rows=[row for row, _ in tally.footers] + rows,
            cells=tally.cells,
            sheet_name=tally.sheet_name,
            sheets=tally.sheets,
            hidden_rows=tally.hidden,
            repeated_header_rows=tally.repeated,
            outside_rows=tally.outside,
            warnings=tally.warnings,
        )


def read_table(
    path: Path,
    fmt: Format,
    locale: str,
    *,
    cells: Collection[str] = (),
    chunk_rows: int = CHUNK_ROWS,
    name: str | None = None,
) -> Reader:
    """Open a file behind its header; raises DeliveryError when it cannot be read as declared.

    `locale` is that of the numbers a workbook is rendered in, `cells` the A1 addresses wanted in the facts, `name`
    how messages call the file (the archive knows it by its hash only).
    """
    name = name or path.name
    tally = Tally(fmt.footer_rows, wanted_cells(cells))
    try:
        return Reader(_table(path, fmt, locale, tally, name), path, name, chunk_rows)
    except FileNotFoundError:
        raise DeliveryError(
            "file is gone", where=name, expected="the file as it was received", next_step="send the file again"
        ) from None


def _table(path: Path, fmt: Format, locale: str, tally: Tally, name: str) -> Table:
    if fmt.type == "xlsx":
        return WorkbookTable(path, fmt, locale, tally, name)
    return DelimitedTable(path, fmt, tally, name)


def _batch(table: pa.Table) -> pa.RecordBatch:
    return table.combine_chunks().to_batches()[0]


def _malformed(batch: pa.RecordBatch) -> int:
    return len(batch) - int(pc.sum(pc.is_null(batch.column(PROBLEM))).as_py() or 0)
