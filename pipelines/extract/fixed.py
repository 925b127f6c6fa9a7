"""Fixed-width text: each column has its place in the line. Positions count characters, not bytes.

Records end by a line break (in EBCDIC also NEL) or by `record_separator`. A file without any line break holds
records of one length, that of the declared fields: its size must be a multiple of it; there the row number is the
ordinal of the record. A file no longer than one record is one line.

A line may be shorter than the fields: programs drop spaces at line ends, so what is missing is empty, and a line that
ends inside a field holds the rest of that field. Text at undeclared positions (between fields or after the last one) is
never dropped: it makes the record malformed, and so does a tab, since nobody knows how many positions it stands for.
If all other lines have full length and the last one is shorter and has no line break, it may have been cut off: it is
malformed too. Fields may overlap. Packed decimals (COMP-3) are bytes, not text, and are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import reduce
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.dialect import FixedField, Format
from pipelines.errors import DeliveryError
from pipelines.extract.encoding import TextSource
from pipelines.extract.lines import Block, Lines, by_length, is_ebcdic, open_text
from pipelines.extract.table import BLANK, Table, Tally, column_names, count_of, raw_schema

_EXPECTED = "fixed-width text"
_BREAK, _ANY_BREAK = re.compile(r"[\r\n]"), re.compile(r"[\r\n\x85]")
_END = "\r\n\x1a"
"""What may stand at the very end of a file without being part of a record."""
_MAX_END = 4096
"""More of that is no end of a file but a file of blank lines."""


class FixedTable(Table):
    """A fixed-width file, open at its first line."""

    def __init__(self, path: Path, fmt: Format, tally: Tally, name: str) -> None:
        self.tally = tally
        self._name = name
        self._fields: list[FixedField] = list(fmt.fields or [])
        self.columns = column_names([[f.name for f in self._fields]], "")
        self._length = max(f.start + f.width - 1 for f in self._fields)
        self._gaps = _gaps(self._fields)
        self._comment = fmt.comment_char
        self._preamble = fmt.preamble_rows
        self._end_row = fmt.end_row
        self._end_at = None if fmt.end_at in (None, "blank") else re.compile(fmt.end_at or "")
        self._end_blank = fmt.end_at == "blank"
        self._over = False
        self._all_full, self._seen = True, False
        tally.encoding = fmt.encoding
        framed = fmt.record_separator is None and _without_breaks(path, fmt, name, self._length)
        self._source = open_text(path, fmt, name, _EXPECTED)
        self._lines = None if framed else Lines(self._source, fmt.encoding, fmt.record_separator)

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def pieces(self) -> Iterator[pa.RecordBatch]:
        """The records, one batch per block of the file."""
        last = 0
        blocks = self._lines.blocks() if self._lines else by_length(self._source, self._length, _END)
        for block in blocks:
            last = block.rows[-1]
            inside = self._inside(block)
            if inside.lines:
                yield self._batch(inside, cut_off=bool(self._lines and self._lines.unended))
        if last < self._preamble:
            raise DeliveryError(
                "records not found",
                where=f"{self._name}:{last}",
                got=f"a file of {count_of(last, 'line')}",
                expected=f"records after the first {count_of(self._preamble, 'line')}",
                next_step="send the complete file in the agreed layout, "
                "or tell us the new one so that the profile can be changed",
            )

    def _inside(self, block: Block) -> Block:
        """The lines that belong to the table; those before and after it are counted and their cells picked up."""
        rows, lines = block
        first = next((i for i, row in enumerate(rows) if row > self._preamble), len(rows))
        stop = len(rows) if not self._over else first
        if self._end_row is not None or self._end_blank or self._end_at is not None:
            stop = next((i for i in range(first, stop) if self._ends(rows[i], lines[i])), stop)
            self._over = self._over or stop < len(rows)
        for row, line in [*zip(rows[:first], lines[:first], strict=True), *zip(rows[stop:], lines[stop:], strict=True)]:
            self._see(row, line)
        self.tally.preamble += first
        self.tally.outside += len(rows) - stop
        return Block(rows[first:stop], lines[first:stop])

    def _ends(self, row: int, line: str) -> bool:
        """Whether this line is the first after the table."""
        if self._end_row is not None and row > self._end_row:
            return True
        if self._end_blank and not line.strip(BLANK):
            return True
        return self._end_at is not None and self._end_at.search(line) is not None

    def _batch(self, block: Block, *, cut_off: bool) -> pa.RecordBatch:
        text = pa.array(block.lines, pa.string())
        rows = pa.array(block.rows, pa.int64())
        blank = pc.equal(pc.utf8_trim(text, BLANK), "")
        if self._comment:
            comment = pc.starts_with(text, self._comment)
            self._count_comments(block, comment)
            blank, dropped = pc.and_not(blank, comment), pc.or_(blank, comment)
        else:
            dropped = blank
        self.tally.blank += _number(blank)
        if _number(dropped):
            keep = pc.invert(dropped)
            text, rows = text.filter(keep), rows.filter(keep)
        odd = self._odd(text)
        problems = {i: self._problem(text[i].as_py()) for i in pc.indices_nonzero(odd).to_pylist()}
        self._watch_length(text, problems, cut_off=cut_off)
        return self._laid_out(text, rows, problems)

    def _count_comments(self, block: Block, comment: pa.Array) -> None:
        for i in pc.indices_nonzero(comment).to_pylist():
            self.tally.comments += 1
            self._see(block.rows[i], block.lines[i])

    def _odd(self, text: pa.Array) -> pa.Array:
        """Which lines hold a tab, a NUL or text at undeclared positions."""
        masks = [pc.match_substring(text, "\t"), pc.match_substring(text, "\0")]
        for start, stop in self._gaps:
            masks.append(pc.not_equal(pc.utf8_trim(pc.utf8_slice_codeunits(text, start, stop), BLANK), ""))
        return reduce(pc.or_, masks)

    def _problem(self, line: str) -> str:
        """What is wrong with an odd line."""
        if "\0" in line:
            return "holds a NUL byte"
        if "\t" in line:
            return f"has a tab at position {line.index(chr(9)) + 1}: positions after it are not known"
        places = [_place(start, part) for start, part in self._undeclared(line)]
        return f"has text at undeclared positions {', '.join(places)}"

    def _undeclared(self, line: str) -> list[tuple[int, str]]:
        """Text at positions of no field: its position from 0, and itself."""
        found = []
        for start, stop in self._gaps:
            part = line[start:stop]
            if text := part.strip(BLANK):
                found.append((start + part.index(text), text))
        return found

    def _watch_length(self, text: pa.Array, problems: dict[int, str], *, cut_off: bool) -> None:
        """Doubt a last line without line break that is shorter than the fields when no other line is."""
        if not self._all_full or not len(text):
            return
        full = pc.greater_equal(pc.utf8_length(text), self._length).to_pylist()
        if cut_off and not full[-1] and all(full[:-1]) and (self._seen or len(full) > 1):
            problems.setdefault(len(full) - 1, "has no line break and ends early: it may have been cut off")
        self._all_full, self._seen = all(full), True

    def _laid_out(self, text: pa.Array, rows: pa.Array, problems: dict[int, str]) -> pa.RecordBatch:
        schema = raw_schema(self.columns)
        cells = [self._cut(text, f) for f in self._fields]
        lead = [rows, *(pa.nulls(len(rows), f.type) for f in list(schema)[1:4])]
        if problems:
            size = range(len(rows))
            lines = {i: text[i].as_py() for i in problems}
            ragged = {i: self._cells(line) for i, line in lines.items()}
            for i in sorted(problems):
                self.tally.malformed_cells.append((rows[i].as_py(), ragged[i]))
            good = pa.array([i not in problems for i in size])
            cells = [pc.if_else(good, column, None) for column in cells]
            raw = {i: line.replace("\0", "\u2400") for i, line in lines.items()}
            parts: Sequence[dict[int, object]] = [dict(problems), dict(raw), dict(ragged)]
            lead = [rows, *(pa.array([p.get(i) for i in size], schema.field(n).type) for n, p in enumerate(parts, 1))]
        for row in self.tally.wanted:
            at = pc.index(rows, row).as_py()
            if at >= 0:
                self._see(row, text[at].as_py())
        return pa.record_batch([*lead, *cells], schema=schema)

    def _cut(self, text: pa.Array, field: FixedField) -> pa.Array:
        part = pc.utf8_slice_codeunits(text, field.start - 1, field.start - 1 + field.width)
        return pc.utf8_trim(part, " ") if field.trim else part

    def _cells(self, line: str) -> list[str]:
        """The cells of any line as far as they can be told apart, then the text at undeclared positions."""
        if "\t" in line:
            return [line]
        cells = [line[f.start - 1 : f.start - 1 + f.width] for f in self._fields]
        cells = [c.strip(" ") if f.trim else c for c, f in zip(cells, self._fields, strict=True)]
        return [*cells, *(part for _, part in self._undeclared(line))]

    def _see(self, row: int, line: str) -> None:
        if row in self.tally.wanted:
            self.tally.see(row, self._cells(line))


def _gaps(fields: Sequence[FixedField]) -> list[tuple[int, int | None]]:
    """Positions from 0 that belong to no field; the last gap has no end.

    >>> _gaps([FixedField(name="a", start=1, width=3), FixedField(name="b", start=6, width=2)])
    [(3, 5), (7, None)]
    """
    gaps: list[tuple[int, int | None]] = []
    at = 0
    for field in sorted(fields, key=lambda f: f.start):
        if field.start - 1 > at:
            gaps.append((at, field.start - 1))
        at = max(at, field.start - 1 + field.width)
    return [*gaps, (at, None)]


def _place(start: int, text: str) -> str:
    return str(start + 1) if len(text) == 1 else f"{start + 1}-{start + len(text)}"


def _number(mask: pa.Array) -> int:
    return int(pc.sum(mask).as_py() or 0)


def _without_breaks(path: Path, fmt: Format, name: str, length: int) -> bool:
    """Whether the file is longer than one record and has no line break before its end.

    Reads no further than the first line break, so only files that have none are read twice.
    """
    source: TextSource = open_text(path, fmt, name, _EXPECTED)
    breaks = _ANY_BREAK if is_ebcdic(fmt.encoding) else _BREAK
    size, tail = 0, ""
    try:
        while text := source.read():
            text = tail + text
            body = text.rstrip(_END)
            if breaks.search(body) or len(text) - len(body) > _MAX_END:
                return False
            size += len(body)
            tail = text[len(body) :]
    finally:
        source.close()
    return size > length
