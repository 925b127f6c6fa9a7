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
from pipelines.extract.cursor import Cursor
from pipelines.extract.encoding import TextSource
from pipelines.extract.fast import FastParser
from pipelines.extract.grammar import Grammar, Parsed
from pipelines.extract.lane import FastLane
from pipelines.extract.table import (
    Builder,
    Table,
    Tally,
    column_names,
    count_of,
    expected_cells,
    header_as_found,
    is_blank,
    padded,
)
from pipelines.profile import Format

PIECE_CELLS = 4 << 20
"""Cells of a batch that are held as Python objects at a time."""


class DelimitedTable(Table):
    """A delimited file, open behind its header. `fast=False` keeps to the robust parser."""

    def __init__(self, path: Path, fmt: Format, tally: Tally, name: str, *, fast: bool = True) -> None:
        self.tally = tally
        self._name = name
        self._source = TextSource(path, fmt.encoding, name, fmt.fallback_encoding, fmt.record_separator)
        tally.encoding = fmt.encoding
        self._grammar = Grammar(fmt)
        self._cursor = Cursor(self._source, self._grammar, fmt)
        self._pads = fmt.ragged == "pad"
        self._may_break_off = bool(fmt.footer_rows) or fmt.cut_off == "keep"
        self._headers: list[list[str]] = []
        with ExitStack() as stack:
            stack.callback(self.close)
            self.columns = list(fmt.names) if fmt.names else self._header(fmt)
            if fmt.names:
                self._skip_to(fmt.preamble_rows + 1)
            stack.pop_all()
        self._expected = expected_cells(self.columns, named=bool(fmt.names))
        self._cursor.repair.width = len(self.columns)
        self._repeats = _repeats(fmt, self._headers)
        fast = fast and FastParser.reads(fmt) and not (self._repeats or self._cursor.end)
        self._fast = FastParser(fmt, len(self.columns)) if fast else None

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
            yield from self.robust_pieces()
            if cursor.final and cursor.at == len(cursor.text):
                return

    def robust_pieces(self) -> Iterator[pa.RecordBatch]:
        """The complete records that the cursor looks at, in batches of a bounded number of cells."""
        cursor, builder = self._cursor, self.builder()
        for row, parsed in cursor.records():
            self.take(builder, row, parsed, cursor.text)
            if builder.size * len(self.columns) > PIECE_CELLS:
                yield builder.batch()
                builder = self.builder()
        if cursor.ended:
            self.tally.outside += cursor.pass_rest(self._see_line)
        elif cursor.final and cursor.at == len(cursor.text) and cursor.end.pattern:
            said = f"the table goes on to the end of the file: no line has {cursor.end.pattern.pattern!r}"
            self.tally.warnings.append(said)
        yield builder.batch()

    def builder(self) -> Builder:
        """A builder for some records."""
        return Builder(self.columns, self.tally, self._expected)

    def take(self, builder: Builder, row: int, parsed: Parsed, text: str) -> None:
        """Take a record that lies in this text."""
        tally = self.tally
        if parsed.comment:
            tally.comments += 1
            tally.see(row, parsed.cells)
        elif self._repeats and _trimmed(parsed.cells) in self._repeats:
            tally.repeated += 1
            tally.see(row, parsed.cells)
        else:
            self._add(builder, row, parsed, text)

    def _add(self, builder: Builder, row: int, parsed: Parsed, text: str) -> None:
        cells = parsed.cells
        ragged = self._pads and not parsed.problem and len(cells) != len(self.columns) and not is_blank(cells)
        if ragged and (fitted := padded(cells, len(self.columns))):
            self.tally.padded.add(row)
            self.tally.malformed_cells.append((row, cells))  # as received, should it belong to the footer
            cells = fitted
        problem = parsed.problem or builder.add(row, cells)
        if problem and self._breaks_off(parsed):
            raise self._truncated(row, problem)
        if problem:
            builder.add_malformed(row, cells, problem, text[parsed.start : parsed.end])
        elif parsed.repaired:
            self.tally.repaired.add(row)

    def _see_line(self, row: int, line: str) -> None:
        if row in self.tally.wanted:
            self.tally.see(row, self._grammar.split_line(line))

    def _breaks_off(self, record: Parsed) -> bool:
        """Whether the file ends inside this record: too few cells, and nothing that ends it. A footer may be so."""
        cursor = self._cursor
        unended = cursor.final and record.end == record.next == len(cursor.text)
        return unended and len(record.cells) < len(self.columns) and not self._may_break_off

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
            if self._grammar.is_comment(line, 0):
                self.tally.comments += 1
            else:
                self.tally.preamble += 1
            self.tally.see(here, self._grammar.split_line(line))

    def _header(self, fmt: Format) -> list[str]:
        for row in sorted(set(fmt.header_rows)):
            self._skip_to(row)
            found = self._cursor.next_header()
            if found is None:
                raise self._short(row, self._cursor.row - 1)
            at, parsed = found
            self.tally.see(at, parsed.cells)
            # lines: a name may go over several
            self.tally.header += 1 + self._grammar.lines_in(self._cursor.text, parsed.start, parsed.end)
            if at != row:
                raise self._no_header(row, f"a header that goes on to line {at - 1}")
            if parsed.problem:
                raise self._no_header(row, f"a line that {parsed.problem}")
            if is_blank(parsed.cells):
                raise self._no_header(row, "a blank line")
            if parsed.repaired:
                self.tally.warnings.append(f"the header in row {row} has stray quotes, read as ordinary characters")
            self._headers.append(parsed.cells)
        self.tally.header_found = header_as_found(self._headers, fmt.header_join)
        return column_names(self._headers, fmt.header_join)

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


def _repeats(fmt: Format, headers: list[list[str]]) -> list[list[str]]:
    """The records that say the header again, trimmed; none when they are to be kept."""
    if fmt.repeated_headers == "keep":
        return []
    return [_trimmed(cells) for cells in headers or [list(fmt.names or ())]]


def _trimmed(cells: list[str]) -> list[str]:
    trimmed = [cell.strip() for cell in cells]
    while trimmed and not trimmed[-1]:
        trimmed.pop()
    return trimmed
