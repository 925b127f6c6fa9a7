"""One way to read any file: `read_table` gives chunks of raw text cells, and afterwards the facts of the file."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import pyarrow as pa

from pipelines.dialect import TABLE_TYPES
from pipelines.errors import DeliveryError
from pipelines.extract.delimited import DelimitedTable
from pipelines.extract.facts import FileFacts
from pipelines.extract.fixed import FixedTable
from pipelines.extract.json_records import JsonTable
from pipelines.extract.messages import open_messages
from pipelines.extract.messages.gdpdu import GdpduTable
from pipelines.extract.messages.gdpdu_index import Beside
from pipelines.extract.parquet_records import ParquetTable
from pipelines.extract.table import LEAD, PROBLEM, ROW, Table, Tally, count_of, raw_schema, wanted_cells
from pipelines.extract.workbook import WorkbookTable
from pipelines.extract.xml_records import XmlTable
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
        self.closing = ExitStack()
        """What else is released with the file."""

    @property
    def facts(self) -> FileFacts:
        """Counts and cells of the file; known once `batches()` is exhausted."""
        if self._facts is None:
            raise RuntimeError("the facts of a file are known when all its batches have been read")
        return self._facts

    @property
    def header(self) -> list[str]:
        """The header as it stands in the file, where it has one: `columns` are made unique, and none is empty."""
        return self._table.tally.header_found or self.columns

    def close(self) -> None:
        """Release the file."""
        self._table.close()
        self.closing.close()

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def batches(self, *, full: bool = True) -> Iterator[pa.RecordBatch]:
        """The records in file order, at most `chunk_rows` in each batch; none for a file without records.

        `full`: all but the last have that many, for steps that are dear by the batch. Else they come as they are read,
        which saves a copy.
        """
        keep = self._table.tally.footer_rows
        enough = self._chunk_rows if full else 1
        records = malformed = 0
        held = _Held(self.schema)
        try:
            for piece in self._table.pieces():
                held.add(piece)
                while held.rows - keep >= enough or (held.rows > keep and held.size > MAX_CHUNK_BYTES):
                    chunk = held.take(min(self._chunk_rows, held.rows - keep))
                    records, malformed = records + len(chunk), malformed + _malformed(chunk)
                    yield chunk
            if held.rows > keep:
                chunk = held.take(held.rows - keep)
                records, malformed = records + len(chunk), malformed + _malformed(chunk)
                yield chunk
            self._facts = self._collect(held.take(held.rows), records, malformed)
        finally:
            self.close()

    def _collect(self, footer: pa.RecordBatch, records: int, malformed: int) -> FileFacts:
        tally = self._table.tally
        if len(footer) < tally.footer_rows:
            raise DeliveryError(
                "footer is missing",
                where=self._name,
                got=count_of(len(footer), "record"),
                expected=f"at least the {count_of(tally.footer_rows, 'footer record')}",
                next_step="send the complete file again",
            )
        ragged = dict(tally.malformed_cells)
        lines = zip(*(c.to_pylist() for c in footer.columns), strict=True)
        rows = footer.column(ROW).to_pylist()
        tally.finish(rows)
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
            warnings=tally.warnings,
            repeated_header_rows=tally.repeated,
            outside_rows=tally.outside,
            repaired_rows=tally.repaired.count,
            padded_rows=tally.padded.count,
            totals=tally.totals,
        )


def read_table(
    path: Path,
    fmt: Format,
    locale: str,
    *,
    cells: Collection[str] = (),
    chunk_rows: int = CHUNK_ROWS,
    name: str | None = None,
    index: Beside | None = None,
) -> Reader:
    """Open a file behind its header; raises DeliveryError when it cannot be read as declared.

    `locale` is that of the numbers a workbook is rendered in, `cells` the A1 addresses wanted in the facts, `name`
    how messages call the file (the archive knows it by its hash only), `index` the description of an export where it
    does not lie beside the file itself.
    """
    name = name or path.name
    tally = Tally(fmt.footer_rows, wanted_cells(cells))
    try:
        return Reader(_table(path, fmt, locale, tally, name, index), path, name, chunk_rows)
    except FileNotFoundError:
        raise DeliveryError(
            "file is gone", where=name, expected="the file as it was received", next_step="send the file again"
        ) from None


def _table(path: Path, fmt: Format, locale: str, tally: Tally, name: str, index: Beside | None) -> Table:
    if fmt.type == "xlsx":
        return WorkbookTable(path, fmt, locale, tally, name)
    if fmt.type == "fixed":
        return FixedTable(path, fmt, tally, name)
    if fmt.type in ("json", "jsonl"):
        return JsonTable(path, fmt, tally, name)
    if fmt.type == "xml":
        return XmlTable(path, fmt, tally, name)
    if fmt.type == "parquet":
        return ParquetTable(path, fmt, locale, tally, name)
    if fmt.type == "gdpdu":
        return GdpduTable(path, fmt, tally, name, index)
    if fmt.type in TABLE_TYPES:
        return open_messages(path, fmt, tally, name)
    return DelimitedTable(path, fmt, tally, name)


class _Held:
    """Records that wait until there are enough of them for a chunk: only then they are copied into one piece."""

    def __init__(self, schema: pa.Schema) -> None:
        self.rows = 0
        self.size = 0
        self._schema = schema
        self._pieces: deque[tuple[pa.RecordBatch, int]] = deque()

    def add(self, piece: pa.RecordBatch) -> None:
        """Take some more."""
        if len(piece):
            size = piece.nbytes  # dear when there are thousands of columns
            self._pieces.append((piece, size))
            self.rows += len(piece)
            self.size += size

    def take(self, rows: int) -> pa.RecordBatch:
        """Give the first so many."""
        taken: list[pa.RecordBatch] = []
        missing = rows
        while missing:
            piece, size = self._pieces.popleft()
            self.size -= size
            if len(piece) > missing:
                rest = size - size * missing // len(piece)
                self._pieces.appendleft((piece.slice(missing), rest))
                self.size += rest
                piece = piece.slice(0, missing)
            taken.append(piece)
            missing -= len(piece)
        self.rows -= rows
        if not taken:
            return pa.RecordBatch.from_pylist([], self._schema)
        return pa.concat_batches(taken) if len(taken) > 1 else taken[0]


def _malformed(batch: pa.RecordBatch) -> int:
    return len(batch) - int(batch.column(PROBLEM).null_count)
