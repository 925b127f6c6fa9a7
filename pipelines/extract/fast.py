"""The fast way through delimited text: pyarrow's parser on records that provably mean the same to it.

pyarrow neither gives row numbers nor sees a stray quote. So each block is first framed here: where its records
end, on which line each begins, and whether every quote is either at the edge of a cell or doubled inside one.
Whatever is odd (a stray quote, a ragged record, a NUL byte) is cut out for the robust parser of `grammar.py`, record
by record; both give the same cells, row numbers and problems.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv

from pipelines.extract.grammar import MAX_RECORD_CHARS, Parsed
from pipelines.extract.marks import CR, LF, Marks, Masks, Places
from pipelines.extract.table import BLANK
from pipelines.profile import Format

_MARK = b"\xef\xbb\xbf"
_MANY = 4096
"""Odd records in one frame: they wait as Python objects, each as large as many regular ones."""


@dataclass(frozen=True, slots=True)
class Odd:
    """A record as the robust parser took it: its row number and where it lies in `text`."""

    row: int
    parsed: Parsed
    text: str


OddAt = Callable[[int, int, int], tuple[list[Odd], int] | None]
"""Takes a place in the data, its row and a number of records: gives at most so many from there on, and the place
after them; None when the first is not complete."""


@dataclass(frozen=True)
class Layout:
    """Where the regular records of a frame begin and end (at their line break), and the physical line of each."""

    starts: Places
    ends: Places
    rows: Places


_NOTHING = np.zeros(0, np.int64)
NO_LINES = Layout(_NOTHING, _NOTHING, _NOTHING)
"""A frame without regular records."""


@dataclass(frozen=True)
class Frame:
    """The complete records at the beginning of some UTF-8 data.

    `region` are all their bytes, `body` those of the regular ones. `layout` is None where each line is one record:
    then it is found out only when it is needed. `quoted` says that there are quotes, `multiline` that line breaks may
    stand inside them, `cut_short` that complete records may follow.
    """

    region: memoryview
    body: memoryview
    row: int
    lines: int
    quoted: bool = False
    multiline: bool = False
    layout: Layout | None = None
    odd: list[Odd] = field(default_factory=list)
    cut_short: bool = False


@dataclass(frozen=True)
class Block:
    """The regular records of a frame by column, and their row numbers; the row, begin and end of the ragged ones."""

    columns: list[pa.Array]
    rows: Places
    blank: int
    ragged: list[tuple[int, int, int]]


class FastParser:
    """Frames and parses one simple dialect with `width` columns."""

    def __init__(self, fmt: Format, width: int) -> None:
        self._quote = fmt.quote_char
        self._delimiter = fmt.delimiter
        self._skip_space = fmt.skip_initial_space
        self._names = [str(i) for i in range(width)]
        self._convert = csv.ConvertOptions(
            column_types=dict.fromkeys(self._names, pa.string()),
            strings_can_be_null=False,
            quoted_strings_can_be_null=False,
            check_utf8=False,
        )
        self._masks = Masks()
        edges = fmt.delimiter + "\r\n" + (fmt.quote_char or "")
        self._edge = np.zeros(256, bool)
        self._edge[list(edges.encode())] = True

    @staticmethod
    def reads(fmt: Format) -> bool:
        """Whether the dialect is one that pyarrow shares with us."""
        quote = fmt.quote_char
        return (
            len(fmt.delimiter) == 1
            and fmt.delimiter.isascii()
            and fmt.delimiter not in ("\r", "\n", "\0", quote)
            and (quote is None or (quote.isascii() and fmt.double_quote and quote not in "\r\n\0 "))
            and fmt.escape_char is None
            and fmt.comment_char is None
            and fmt.record_separator is None
            and fmt.repeated_headers == "keep"
            and fmt.end_row is None
            and fmt.end_at is None
        )

    def frame(self, data: bytes, row: int, odd_at: OddAt) -> Frame | None:
        """The complete records at the beginning of `data`, whose first line is `row`; None without any."""
        buffer = np.frombuffer(data, np.uint8)
        quoted = self._quote is not None and self._quote.encode() in data
        cut = data.rfind(b"\n") + 1
        if cut == 0 or b"\0" in data or data.startswith(_MARK):
            return self._careful(data, buffer, row, odd_at)
        region = memoryview(data)[:cut]
        if quoted:
            lines = 0 if self._skip_space or b"\r" in data else self._all_quoted(buffer[:cut])
            return Frame(region, region, row, lines, quoted) if lines else self._careful(data, buffer, row, odd_at)
        feeds = self._masks.of(buffer[:cut], LF)
        lines = int(np.count_nonzero(feeds))
        if b"\r" in data:
            returns = self._masks.of(buffer[:cut], CR, 1)
            np.logical_and(returns[:-1], feeds[1:], out=feeds[1:])
            if np.count_nonzero(returns) > np.count_nonzero(feeds[1:]):  # a lone one
                return self._careful(data, buffer, row, odd_at)
        return Frame(region, region, row, lines)

    def _all_quoted(self, buffer: NDArray[np.uint8]) -> int:
        """The number of lines, when each is a record, each cell stands in quotes and those inside are doubled; else 0.

        That is so if the first quote begins the data, the last one ends it, and every other one is either in one pair
        around a delimiter or line break, or beside another one that is in none. It is cheap to see for a whole block.
        """
        masks = self._masks
        quotes = masks.of(buffer, ord(self._quote or ""))
        if buffer.size < 3 or not (quotes[0] and quotes[-2]):
            return 0
        feeds = masks.of(buffer, LF, 1)
        delimiters = masks.of(buffer, ord(self._delimiter), 2)
        between = np.logical_or(feeds, delimiters, out=masks.scratch(buffer, 3))[1:-1]
        np.logical_and(between, quotes[:-2], out=between)
        np.logical_and(between, quotes[2:], out=between)
        spare = delimiters[: between.size]
        if between[0] or between[-2:].any() or np.logical_and(between[:-2], between[2:], out=spare[:-2]).any():
            return 0  # a quote that would have two places
        lines = int(np.count_nonzero(feeds))
        if int(np.count_nonzero(np.logical_and(between, feeds[1:-1], out=spare))) != lines - 1:
            return 0
        rest = int(np.count_nonzero(quotes)) - 2 * int(np.count_nonzero(between)) - 2
        if rest:
            quotes[0] = quotes[-2] = False
            np.greater(quotes[:-2], between, out=quotes[:-2])
            np.greater(quotes[2:], between, out=quotes[2:])
            left = np.flatnonzero(quotes)
            if left.size != rest or left.size % 2 or (left[1::2] - left[0::2] != 1).any():
                return 0
        return lines

    def _careful(self, data: bytes, buffer: NDArray[np.uint8], row: int, odd_at: OddAt) -> Frame | None:
        marks = Marks(data, buffer, self._quote, self._edge, self._masks, all_odd=self._skip_space)
        breaks = marks.breaks
        regular: list[tuple[int, int]] = []
        ends: list[Places] = []
        odd: list[Odd] = []
        at = run = 0
        while True:
            seen = int(marks.quotes.searchsorted(at)) & 1
            mark = marks.next_odd(at, seen)
            if not regular and data.startswith(_MARK, at):  # pyarrow drops a mark at the beginning of its input
                mark = at
            first, last = breaks.searchsorted((at, mark))
            part = breaks[first:last]
            if marks.quotes.size:
                part = part[marks.inside[first:last] == seen]
            if part.size:
                regular.append((at, int(part[-1]) + 1))
                ends.append(part)
                at, run = regular[-1][1], 0
            if mark == len(data):
                break
            run = min(2 * run, 1024) or 1  # the more odd records follow each other, the more are taken at once
            found = odd_at(at, row + int(breaks.searchsorted(at)), run)
            if not found:
                break
            odd += found[0]
            at = found[1]
            if len(odd) > _MANY:
                break
        if not at:
            return None
        region = memoryview(data)[:at]
        body = region if not odd else memoryview(b"".join(region[a:b] for a, b in regular))
        lines = int(breaks.searchsorted(at))
        layout = _layout(regular, ends, breaks, row)
        quoted = marks.quotes.size > 0
        multiline = quoted and layout.ends.size < lines
        return Frame(region, body, row, lines, quoted, multiline, layout, odd, len(odd) > _MANY)

    def parse(self, frame: Frame) -> Block | None:
        """The regular records of a frame; None when the robust parser must look at the whole of it."""
        layout = frame.layout
        if len(frame.region) > MAX_RECORD_CHARS:
            layout = layout or _lines_of(frame)
            if layout.starts.size and int((layout.ends - layout.starts).max()) > MAX_RECORD_CHARS:
                return None
        parsed = self._columns(frame)
        if parsed is None:
            return None
        columns, invalid = parsed
        count = len(columns[0]) + len(invalid)
        if frame.layout is None and not invalid and count == frame.lines:
            rows = np.arange(frame.row, frame.row + frame.lines)
            return _without_blank(columns, rows, 0, [])
        layout = layout or _lines_of(frame)
        filled = _filled(frame.region, layout)
        if count != filled.size:
            return None
        ragged = [
            (int(layout.rows[i]), int(layout.starts[i]), int(layout.ends[i]) + 1) for i in filled[invalid].tolist()
        ]
        kept = np.delete(filled, invalid) if invalid else filled
        return _without_blank(columns, layout.rows[kept], layout.rows.size - filled.size, ragged)

    def _columns(self, frame: Frame) -> tuple[list[pa.Array], list[int]] | None:
        """The cells by column, and the places of ragged records among those that are not empty lines."""
        invalid: list[int] = []
        limit = 16 + frame.lines // 8

        def skip(record: csv.InvalidRow) -> str:
            invalid.append(record.number - 1)
            return "skip" if len(invalid) <= limit else "error"  # too many: the robust parser is quicker on the whole

        body = frame.body
        if not body.nbytes:
            return [pa.array([], pa.string()) for _ in self._names], invalid
        if not _is_utf8(body):
            return None
        try:
            table = csv.read_csv(
                pa.BufferReader(pa.py_buffer(body)),
                csv.ReadOptions(use_threads=False, block_size=len(body) + 1, column_names=self._names),
                csv.ParseOptions(
                    delimiter=self._delimiter,
                    quote_char=self._quote if frame.quoted else False,
                    double_quote=True,
                    newlines_in_values=frame.multiline,
                    ignore_empty_lines=True,
                    invalid_row_handler=skip,
                ),
                self._convert,
            )
        except pa.ArrowInvalid:  # too many ragged records
            return None
        columns = [c.chunk(0) if c.num_chunks == 1 else pa.array([], pa.string()) for c in table.columns]
        if self._skip_space:
            columns[1:] = [pc.utf8_ltrim(column, " ") for column in columns[1:]]
        return columns, invalid


def _is_utf8(data: memoryview) -> bool:
    """Whether the bytes are UTF-8: those of a whole block are sooner seen through than those of each cell."""
    border = pa.py_buffer(np.array([0, len(data)], np.int32))
    try:
        pa.Array.from_buffers(pa.string(), 1, [None, border, pa.py_buffer(data)]).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _layout(regular: list[tuple[int, int]], ends: list[Places], breaks: Places, row: int) -> Layout:
    if not regular:
        return NO_LINES
    all_ends = np.concatenate(ends)
    starts = np.concatenate([np.concatenate(([a], e[:-1] + 1)) for (a, _), e in zip(regular, ends, strict=True)])
    whole = all_ends.size == breaks.size
    return Layout(starts, all_ends, row + (np.arange(starts.size) if whole else breaks.searchsorted(starts)))


def _lines_of(frame: Frame) -> Layout:
    """The layout of a frame in which each line is a record."""
    ends = np.flatnonzero(np.frombuffer(frame.region, np.uint8) == LF)
    starts = np.concatenate(([0], ends[:-1] + 1))
    return Layout(starts, ends, frame.row + np.arange(ends.size))


def _filled(region: memoryview, layout: Layout) -> Places:
    """Which records are not empty lines."""
    buffer = np.frombuffer(region, np.uint8)
    starts, ends = layout.starts, layout.ends
    return np.flatnonzero(ends - starts > (buffer[ends - 1] == CR) * (ends > starts))


_MAY_BE_BLANK = np.zeros(256, bool)
_MAY_BE_BLANK[sorted({c.encode()[0] for c in BLANK})] = True


def _without_blank(columns: list[pa.Array], rows: Places, blank: int, ragged: list[tuple[int, int, int]]) -> Block:
    """Leave out the records whose cells are all white space."""
    places = np.flatnonzero(_may_be_blank(columns[0], slice(None))) if rows.size else rows
    for column in columns[1:]:
        if places.size:
            places = places[_may_be_blank(column, places)]
    if not places.size:
        return Block(columns, rows, blank, ragged)
    maybe = pa.array(places)
    empty = np.ones(len(maybe), bool)
    for column in columns:
        trimmed = pc.utf8_trim(column.take(maybe), BLANK)
        empty &= pc.equal(trimmed, "").to_numpy(zero_copy_only=False)
    keep = np.ones(rows.size, bool)
    keep[places[empty]] = False
    columns = [column.filter(pa.array(keep)) for column in columns]
    return Block(columns, rows[keep], blank + int(empty.sum()), ragged)


def _may_be_blank(column: pa.Array, places: Places | slice) -> NDArray[np.bool_]:
    """Which of these cells are empty or begin with white space: a look at one byte of each."""
    _, offsets, text = column.buffers()
    border = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
    begins, ends = border[:-1][places], border[1:][places]
    first = np.frombuffer(text or b"\0", np.uint8)
    maybe: NDArray[np.bool_] = (begins == ends) | _MAY_BE_BLANK[first[np.minimum(begins, first.size - 1)]]
    return maybe
