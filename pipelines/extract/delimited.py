"""Delimited text as a table: preamble, header, comments and blank lines aside, records block by block.

Row numbers are physical lines, counted by the line breaks (CRLF, LF or CR) of the file, also those inside quotes;
a record has the line on which it starts. A `record_separator` without a line break puts a whole file on one line:
there the records themselves are the lines. Blank records are those whose cells are all white space.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa

from pipelines.errors import DeliveryError
from pipelines.extract.encoding import TextSource
from pipelines.extract.fast import FastParser
from pipelines.extract.grammar import Cursor, Grammar, Parsed
from pipelines.extract.lane import FastLane
from pipelines.extract.table import (
    Builder,
    Table,
    Tally,
    column_names,
    count_of,
    expected_cells,
    is_blank,
)
from pipelines.profile import Format


class DelimitedTable(Table):
    """A delimited file, open behind its header. `fast=False` keeps to the robust parser."""

    def __init__(self, path: Path, fmt: Format, tally: Tally, name: str, *, fast: bool = True) -> None:
        self.tally = tally
        self._name = name
        self._source = TextSource(path, fmt.encoding, name, fmt.fallback_encoding, fmt.record_separator)
        tally.encoding = fmt.encoding
        self._grammar = Grammar(fmt)
        self._cursor = Cursor(self._source, self._grammar)
        with ExitStack() as stack:
            stack.callback(self.close)
            self.columns = list(fmt.names) if fmt.names else self._header(fmt)
            if fmt.names:
                self._skip_to(fmt.preamble_rows + 1)
            stack.pop_all()
        self._expected = expected_cells(self.columns, named=bool(fmt.names))
        self._fast = FastParser(fmt, len(self.columns)) if fast and FastParser.reads(fmt) else None

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def pieces(self) -> Iterator[pa.RecordBatch]:
        """The records, one batch per block of the file."""
        if self._fast:
            self._source.grow(len(self.columns))
            yield from FastLane(self._source, self._cursor, self._fast, self).pieces()
        else:
            yield from self._robust_pieces()
        self.tally.blank += self._source.padding_lines
        self.tally.warnings += self._source.warnings()

    def _robust_pieces(self) -> Iterator[pa.RecordBatch]:
        cursor = self._cursor
        while cursor.fill():
            yield self.robust_piece()
            if cursor.final and cursor.at == len(cursor.text):
                return

    def robust_piece(self) -> pa.RecordBatch:
        """The complete records that the cursor looks at."""
        cursor, builder = self._cursor, self.builder()
        for row, parsed in cursor.records():
            self.take(builder, row, parsed, cursor.text)
        return builder.batch()

    def builder(self) -> Builder:
        """A builder for some records."""
        return Builder(self.columns, self.tally, self._expected)

    def take(self, builder: Builder, row: int, parsed: Parsed, text: str) -> None:
        """Take a record that lies in this text."""
        tally = self.tally
        if parsed.comment:
            tally.comments += 1
            tally.see(row, parsed.cells)
            return
        problem = parsed.problem or builder.add(row, parsed.cells)
        if problem and self._breaks_off(parsed):
            raise self._truncated(row, problem)
        if problem:
            builder.add_malformed(row, parsed.cells, problem, text[parsed.start : parsed.end])

    def _breaks_off(self, record: Parsed) -> bool:
        """Whether the file ends inside this record: too few cells, and nothing that ends it. A footer may be so."""
        cursor = self._cursor
        unended = cursor.final and record.end == record.next == len(cursor.text)
        return unended and len(record.cells) < len(self.columns) and not self.tally.footer_rows

    def _truncated(self, row: int, problem: str) -> DeliveryError:
        return DeliveryError(
            "file is truncated",
            where=f"{self._name}:{row}",
            got=f"a last line that {problem}, and no line break after it",
            expected="a complete last line",
            next_step="send the complete file again",
        )

    def _skip_to(self, row: int) -> None:
        """Pass over the lines before this one: they belong to no table."""
        while self._cursor.row < row:
            here = self._cursor.row
            line = self._cursor.next_line()
            if line is None:
                raise self._short(row, here - 1)
            self.tally.preamble += 1
            self.tally.see(here, self._grammar.split_line(line))

    def _header(self, fmt: Format) -> list[str]:
        parts: list[list[str]] = []
        for row in sorted(set(fmt.header_rows)):
            self._skip_to(row)
            found = self._cursor.next_record()
            if found is None:
                raise self._short(row, self._cursor.row - 1)
            at, parsed = found
            self.tally.see(at, parsed.cells)
            self.tally.header += 1
            if at != row:
                raise self._no_header(row, f"a header that goes on to line {at - 1}")
            if parsed.problem:
                raise self._no_header(row, f"a line that {parsed.problem}")
            if is_blank(parsed.cells):
                raise self._no_header(row, "a blank line")
            parts.append(parsed.cells)
        return column_names(parts, fmt.header_join)

    def _short(self, row: int, lines: int) -> DeliveryError:
        return self._no_header(row, f"a file of {count_of(lines, 'line')}")

    def _no_header(self, row: int, got: str) -> DeliveryError:
        return DeliveryError(
            "header not found",
            where=f"{self._name}:{row}",
            got=got,
            expected=f"column names in line {row}",
            next_step="send the complete file in the agreed layout, "
            "or tell us the new one so that the profile can be changed",
        )
