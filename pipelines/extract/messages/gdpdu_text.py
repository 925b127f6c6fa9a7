"""Text whose cells stand between marks of several characters (`|E|a;b|E|;…`), or whose records end by a text of their
own: the reader of CSV knows one character, and takes a line break behind the last record for one more.

A mark inside is doubled. A record ends by its declared text, or by any line break. An end without a line break puts
the whole file on one line: there the row numbers are the ordinals of the records.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from pipelines.errors import DeliveryError
from pipelines.extract.encoding import TextSource
from pipelines.extract.lines import MAX_LINE_CHARS
from pipelines.extract.table import Builder, Table, Tally, column_names, expected_cells

_BREAK = re.compile(r"\r\n|\n|\r")
_PIECE_RECORDS = 20_000
_LONGEST_END = 64
_TAIL = "\r\n\x1a"
"""What may stand behind the last record without being one."""


class EncapsulatedTable(Table):
    """A file of such text, its columns given."""

    def __init__(
        self,
        path: Path,
        encoding: str,
        marks: tuple[str, str | None, str | None],
        columns: list[str],
        tally: Tally,
        name: str,
    ) -> None:
        self.tally = tally
        self.columns = column_names([columns], "")
        self._name = name
        self._delimiter, end, quote = marks
        self._quote = quote or ""
        self._one_line = bool(end and not _BREAK.search(end))
        self._end = re.compile(re.escape(end)) if end else _BREAK
        stops = [re.escape(self._delimiter), self._end.pattern]
        self._stop = re.compile("|".join(sorted(stops, key=len, reverse=True)))  # `|` may be the beginning of `|R|`
        self._source = TextSource(path, encoding, name)
        tally.encoding = encoding

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def pieces(self) -> Iterator[pa.RecordBatch]:
        """The records, in batches of a bounded number."""
        builder = self._builder()
        for row, cells, problem, raw in self._records():
            problem = problem or builder.add(row, cells)
            if problem:
                builder.add_malformed(row, cells, problem, raw)
            if builder.size >= _PIECE_RECORDS:
                yield builder.batch()
                builder = self._builder()
        yield builder.batch()
        self.tally.warnings += self._source.warnings()

    def _builder(self) -> Builder:
        return Builder(self.columns, self.tally, expected_cells(self.columns, named=True))

    def _records(self) -> Iterator[tuple[int, list[str], str | None, str]]:
        text, at, row, final = "", 0, 1, False
        while not final:
            more = self._source.read()
            final = not more
            text, at = text[at:] + more, 0
            if len(text) > MAX_LINE_CHARS + len(more):
                raise self._endless(row)
            if final and not text.strip(_TAIL):
                return
            while at < len(text) and (found := self._record(text, at, final=final)):
                cells, problem, following = found
                if final and following == len(text) and not self._ended(text):
                    if not text[at:].strip(_TAIL):
                        return
                    if len(cells) < len(self.columns):
                        raise self._cut(row, len(cells))
                yield row, cells, problem, text[at:following]
                row += 1 if self._one_line else len(_BREAK.findall(text, at, following))
                at = following

    def _record(self, text: str, at: int, *, final: bool) -> tuple[list[str], str | None, int] | None:
        """The record that begins here and where the next one does; None when the text may not hold all of it."""
        cells: list[str] = []
        problem: str | None = None
        while True:
            cell = ""
            if self._quote and text.startswith(self._quote, at):
                closed = self._closing(text, at + len(self._quote))
                if closed is None:
                    if not final:
                        return None
                    return [*cells, text[at:]], "opens a cell that is not closed before the end of the file", len(text)
                cell, at = closed
            stop = self._stop.search(text, at)
            if (stop is None or stop.end() == len(text)) and not final:
                return None
            rest = text[at : stop.start() if stop else len(text)]
            if cell and rest.strip():
                problem = problem or f"has text after the end of cell {len(cells) + 1}"
            cells.append(cell + rest)
            if stop is None:
                return cells, problem, len(text)
            at = stop.end()
            if stop[0] != self._delimiter:
                return cells, problem, at

    def _closing(self, text: str, at: int) -> tuple[str, int] | None:
        """The text up to the mark that closes the cell, and the place behind it."""
        parts: list[str] = []
        while (found := text.find(self._quote, at)) >= 0:
            parts.append(text[at:found])
            at = found + len(self._quote)
            if not text.startswith(self._quote, at):
                return self._quote.join(parts), at
            at += len(self._quote)
        return None

    def _ended(self, text: str) -> bool:
        return any(found.end() == len(text) for found in self._end.finditer(text, max(0, len(text) - _LONGEST_END)))

    def _cut(self, row: int, cells: int) -> DeliveryError:
        return DeliveryError(
            "file is truncated",
            where=f"{self._name}:{row}",
            got=f"a last record of {cells} cells that nothing ends",
            expected=f"{len(self.columns)} cells and the end of the record",
            next_step="send the complete file again",
        )

    def _endless(self, row: int) -> DeliveryError:
        return DeliveryError(
            "record without end",
            where=f"{self._name}:{row}",
            got=f"more than {MAX_LINE_CHARS} characters without the end of a record",
            expected=f"records that end with {self._end.pattern!r}",
            next_step="send the file again with an index that says how its records end",
        )
