"""Parquet as a table of text cells; `arrow_text` says how values are written.

The row number is the ordinal of the row in the file. Rows without any value are counted as blank (only if all columns
are read). A row is malformed when a text holds a NUL or a date lies outside the calendar. Columns of bytes that are no
UTF-8 text are refused by name; `names` leaves them out.

A few bytes of Parquet can stand for billions of rows, or for one long text repeated a million times. So what the file
declares is limited before anything is unpacked, texts are taken from the file as dictionaries, and batches are
written out in slices of bounded size.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import reduce
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from babel.numbers import get_decimal_symbol
from pyarrow import types

from pipelines.errors import DeliveryError
from pipelines.extract.arrow_text import OUT_OF_RANGE, NoText, as_text, is_long
from pipelines.extract.jsontext import TooDeep
from pipelines.extract.lines import refuse_other_kinds, unreadable
from pipelines.extract.named import MAX_COLUMNS
from pipelines.extract.table import BLANK, Table, Tally, column_names, count_of, raw_schema
from pipelines.profile import Format

MAX_ROWS = 500_000_000
"""No nightly file has so many; a few bytes can declare more. Bounds the time, not the memory."""

MAX_UNPACKED_BYTES = 64 << 30
"""Of the whole file, as declared: a file of this size is days of work, or a bomb."""

MAX_GROUP_BYTES = 4 << 30
"""Of one row group, as declared. Writers make row groups of 128 MB, some of 1 GB."""

MAX_NESTED_VALUES = 50_000_000
"""Elements of the lists of one column in one row group."""

MAX_CELL_BYTES = 4 << 20
"""No business text is longer. A longer one in a dictionary is a bomb: each row may repeat it."""

SLICE_BYTES = 64 << 20
"""Texts are written out for so many bytes of rows at a time."""

BATCH_CELLS = 1_000_000
_NESTED_ROWS = 1_000
"""Rows read at a time where there are lists or structs, which become Python values on the way."""

_EXPECTED = "a Parquet file"
_DAMAGE = (pa.ArrowException, OSError, ValueError, KeyError, IndexError, OverflowError, RuntimeError, TooDeep)
"""What pyarrow raises on bytes that make no sense."""


class ParquetTable(Table):
    """A Parquet file, its columns known."""

    def __init__(self, path: Path, fmt: Format, locale: str, tally: Tally, name: str) -> None:
        self.tally = tally
        self._name = name
        self._decimal = get_decimal_symbol(locale)
        self._file: pq.ParquetFile | None = None
        head = refuse_other_kinds(path, name, _EXPECTED)
        if head.startswith(b"PARE"):
            raise unreadable(name, "an encrypted file", "a Parquet file without encryption")
        if not head.startswith(b"PAR1"):
            raise unreadable(name, "a file that is no Parquet", _EXPECTED)
        with ExitStack() as stack:
            stack.callback(self.close)
            self._open(path, fmt)
            stack.pop_all()

    def _open(self, path: Path, fmt: Format) -> None:
        """Open the file and choose its columns."""
        name = self._name
        with self._reading():
            schema = pq.read_schema(path)
            long = [field.name for field in schema if is_long(field.type)]
            self._file = pq.ParquetFile(
                path, read_dictionary=long, pre_buffer=False, buffer_size=1 << 20, page_checksum_verification=True
            )
            self._nested = any(types.is_nested(field.type) for field in schema)
            self._check_sizes(path, self._file.metadata)
            in_file = [field.name for field in schema]
        if not in_file or len(in_file) > MAX_COLUMNS:
            raise unreadable(name, count_of(len(in_file), "column"), f"between 1 and {MAX_COLUMNS} columns")
        self._positions = self._chosen(fmt.names, in_file)
        self.columns = list(fmt.names) if fmt.names else column_names([in_file], "")
        self._all = not fmt.names

    def close(self) -> None:
        """Close the file; may be called twice."""
        if self._file is not None:
            self._file.close()

    def pieces(self) -> Iterator[pa.RecordBatch]:
        """The rows, in batches of bounded size."""
        if self._file is None:
            return
        rows = max(min(BATCH_CELLS // len(self._positions), 65_536), 1)
        row, declared = 1, self._file.metadata.num_rows
        for batch in self._batches(min(rows, _NESTED_ROWS) if self._nested else rows):
            for piece in self._slices(batch):
                yield self._laid_out(piece, row)
                row += piece.num_rows
        if row - 1 != declared:
            raise unreadable(self._name, count_of(row - 1, "row"), f"the {count_of(declared, 'row')} that it declares")

    def _batches(self, rows: int) -> Iterator[pa.RecordBatch]:
        """The chosen columns of the file."""
        if self._file is None:
            return
        unique = len(set(self._file.schema_arrow.names)) == len(self._file.schema_arrow.names)
        names = [self._file.schema_arrow.names[i] for i in self._positions] if unique and not self._all else None
        batches = self._file.iter_batches(batch_size=rows, columns=names)
        while True:
            with self._reading():
                batch = next(batches, None)
                if batch is None:
                    return
                found = batch.schema.names
                places = [found.index(n) for n in names] if names is not None else self._positions
                chosen = pa.RecordBatch.from_arrays([batch.column(i) for i in places], names=self.columns)
            yield chosen

    def _slices(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """The rows of a batch in slices whose texts are not too large together."""
        size = batch.nbytes
        with self._reading():
            for name, column in zip(self.columns, batch.columns, strict=True):
                if types.is_dictionary(column.type) and is_long(column.type) and len(column):
                    lengths = pc.binary_length(column.dictionary).take(column.indices)
                    if (pc.max(lengths).as_py() or 0) > MAX_CELL_BYTES:
                        raise self._no_text(name, f"a text of more than {MAX_CELL_BYTES} bytes", "shorter texts")
                    size += pc.sum(lengths.cast(pa.int64())).as_py() or 0
        step = max(batch.num_rows * SLICE_BYTES // max(size, SLICE_BYTES), 1)
        for start in range(0, batch.num_rows, step):
            yield batch.slice(start, step)

    def _laid_out(self, batch: pa.RecordBatch, first: int) -> pa.RecordBatch:
        """The rows of a batch as text, those before `first` having been read."""
        cells: list[pa.Array] = []
        problems: dict[int, str] = {}
        for name, column in zip(self.columns, batch.columns, strict=True):
            with self._reading():
                try:
                    text = as_text(column, self._decimal).fill_null("")
                except NoText as problem:
                    raise self._no_text(name, str(problem), "text, numbers, dates or nested values") from None
                self._find_odd(name, column.type, text, problems)
            cells.append(text)
        rows = pa.array(range(first, first + batch.num_rows), pa.int64())
        if self._all:
            blank = reduce(pc.and_, (pc.equal(pc.utf8_trim(c, BLANK), "") for c in cells))
            if dropped := int(pc.sum(blank).as_py() or 0):
                self.tally.blank += dropped
                keep = pc.invert(blank)
                problems = {int(pc.sum(keep.slice(0, at)).as_py() or 0): text for at, text in problems.items()}
                rows, cells = rows.filter(keep), [c.filter(keep) for c in cells]
        for row in self.tally.wanted:
            if (at := pc.index(rows, row).as_py()) >= 0:
                self.tally.see(row, [c[at].as_py() for c in cells])
        return self._batch(rows, cells, problems)

    def _find_odd(self, name: str, kind: pa.DataType, text: pa.Array, problems: dict[int, str]) -> None:
        """Note the rows whose cell cannot be stored."""
        if types.is_temporal(kind):
            odd, problem = pc.starts_with(text, OUT_OF_RANGE), f"has a date outside the calendar in column {name!r}"
        else:
            odd, problem = pc.match_substring(text, "\0"), "holds a NUL character"
        if pc.any(odd).as_py():
            for at in pc.indices_nonzero(odd).to_pylist():
                problems.setdefault(at, problem)

    def _batch(self, rows: pa.Array, cells: list[pa.Array], problems: dict[int, str]) -> pa.RecordBatch:
        schema = raw_schema(self.columns)
        size = range(len(rows))
        ragged = {at: [c[at].as_py().replace("\0", "\u2400") for c in cells] for at in sorted(problems)}
        for at, texts in ragged.items():
            self.tally.malformed_cells.append((rows[at].as_py(), texts))
        raw = {at: "\t".join(texts) for at, texts in ragged.items()}
        lead = [rows]
        parts: list[dict[int, str] | dict[int, list[str]]] = [problems, raw, ragged]
        for number, part in enumerate(parts, start=1):
            kind = schema.field(number).type
            lead.append(pa.array([part.get(i) for i in size], kind) if problems else pa.nulls(len(rows), kind))
        if problems:
            good = pa.array([i not in problems for i in size])
            cells = [pc.if_else(good, c, None) for c in cells]
        return pa.record_batch([*lead, *cells], schema=schema)

    def _chosen(self, names: list[str] | None, in_file: list[str]) -> list[int]:
        """Positions of the columns to read."""
        if not names:
            return list(range(len(in_file)))
        missing = [n for n in names if n not in in_file]
        if missing:
            raise DeliveryError(
                "column is missing",
                where=self._name,
                got=f"{count_of(len(in_file), 'column')} without {', '.join(map(repr, missing[:10]))}",
                expected="all declared columns",
                next_step="send the file in the agreed layout, "
                "or tell us the new one so that the profile can be changed",
            )
        unread = [n for n in in_file if n not in names]
        if unread:
            shown = ", ".join(repr(n[:60]) for n in unread[:8]) + (f" and {len(unread) - 8} more" if unread[8:] else "")
            self.tally.warnings.append(f"not among the declared names and not read: {shown}")
        return [in_file.index(n) for n in names]

    def _check_sizes(self, path: Path, metadata: pq.FileMetaData) -> None:
        """Refuse a file that says itself that it is a bomb."""
        if metadata.num_rows > MAX_ROWS:
            raise unreadable(self._name, f"{metadata.num_rows} rows", f"at most {MAX_ROWS} rows")
        sizes = [metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups)]
        if max(sizes, default=0) > MAX_GROUP_BYTES:
            raise unreadable(self._name, f"{max(sizes)} bytes in a row group", f"at most {MAX_GROUP_BYTES} bytes")
        if sum(sizes) > MAX_UNPACKED_BYTES:
            raise unreadable(self._name, f"{sum(sizes)} bytes unpacked", f"at most {MAX_UNPACKED_BYTES} bytes")
        if self._nested:
            values = self._most_values(path)
            if values > max(MAX_NESTED_VALUES, metadata.num_rows):
                raise unreadable(
                    self._name, f"{values} values in one column of a row group", f"at most {MAX_NESTED_VALUES}"
                )

    def _most_values(self, path: Path) -> int:
        """The most values of a column in a row group, as declared.

        Found by changing bytes at random: on damaged metadata of a column pyarrow ends the process, so that a process
        of its own looks at it. Nothing else asks for these metadata.
        """
        code = "import sys, pyarrow.parquet as p; m = p.read_metadata(sys.argv[1]); "
        code += "g = [m.row_group(i) for i in range(m.num_row_groups)]; "
        code += "print(max([r.column(i).num_values for r in g for i in range(r.num_columns)], default=0))"
        done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise unreadable(self._name, "a damaged file (metadata of its columns)", _EXPECTED)
        return int(done.stdout)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Damage met while the file is read is a DeliveryError."""
        try:
            yield
        except FileNotFoundError:
            raise
        except _DAMAGE as error:
            reason = str(error).partition("\n")[0][:120]
            raise unreadable(self._name, f"a damaged or encrypted file ({reason})", _EXPECTED) from None

    def _no_text(self, column: str, got: str, expected: str) -> DeliveryError:
        return unreadable(f"{self._name}, column {column!r}", got, expected)
