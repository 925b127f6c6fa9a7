"""A delimited file along the fast way, block by block, while the robust parser takes what is odd in it.

Blocks are framed one after the other, for each begins where the records of the one before end. The parsing of the
framed ones is left to threads (pyarrow and numpy let go of the interpreter); results come in file order.
"""

from __future__ import annotations

import codecs
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from typing import Protocol

import numpy as np
import pyarrow as pa

from pipelines.errors import DeliveryError
from pipelines.extract.cursor import Cursor
from pipelines.extract.encoding import TextSource
from pipelines.extract.fast import NO_LINES, Block, FastParser, Frame, Odd
from pipelines.extract.grammar import Parsed
from pipelines.extract.repair import look_ahead
from pipelines.extract.table import LEAD, ROW, Builder, Tally, raw_schema

WORKERS = min(os.cpu_count() or 1, 4)
"""Threads that parse; more than four wait for the one that reads and frames."""

_WINDOW = 4096
_FEW = 24
"""Up to so many places it is cheaper to put the records together by slices than one by one."""


class Robust(Protocol):
    """What the fast way needs of the robust one."""

    columns: list[str]
    tally: Tally

    def builder(self) -> Builder:
        """A builder for some records."""

    def take(self, builder: Builder, row: int, parsed: Parsed, text: str) -> None:
        """Take a record that lies in this text."""

    def robust_pieces(self) -> Iterator[pa.RecordBatch]:
        """The complete records that the cursor looks at."""


class FastLane:
    """The records of a file from where the cursor stands to the end."""

    def __init__(self, source: TextSource, cursor: Cursor, parser: FastParser, robust: Robust) -> None:
        self._source = source
        self._cursor = cursor
        self._parser = parser
        self._robust = robust
        self._schema = raw_schema(robust.columns)
        self._data = cursor.text[cursor.at :].encode()
        self._row = cursor.row
        self._begin = source.position - len(self._data)
        self._failure: DeliveryError | None = None

    def pieces(self) -> Iterator[pa.RecordBatch]:
        """The records in file order."""
        for frame, block in _in_order(self._frames(), self._parser.parse):
            batches = self._batches(frame, block) if block else None
            yield from batches or self._all_of(bytes(frame.region), frame.row)
            self._begin += frame.region.nbytes
        if self._failure:
            raise self._failure
        if self._data:
            yield from self._all_of(self._data, self._row)

    def _frames(self) -> Iterator[Frame]:
        """Frame after frame; what is left of the file then has no end of a record, or there is a `_failure`."""
        source = self._source
        frame: Frame | None = None
        while not source.ended and not self._failure:
            try:
                if not frame or not frame.cut_short:
                    self._data += source.read_utf8()
            except DeliveryError as error:  # to be raised when the records before it are through
                self._failure = error
            frame = self._parser.frame(self._data, self._row, self._odd_at) if self._data else None
            if frame:
                self._data = self._data[frame.region.nbytes :]
                self._row += frame.lines
                yield frame
            elif not self._failure and (frame := self._unended()):
                yield frame

    def _unended(self) -> Frame | None:
        """The first record of data in which none ends by the look of it, once it is long enough to be told to end.

        There is a `_failure` when it cannot end any more.
        """
        text, broken = _decoded(self._data, final=False)
        if broken is not None:
            self._failure = self._source.undecodable(self._source.position - len(self._data) + broken)
            return None
        self._cursor.show(text, self._row, final=False)
        for number, parsed in islice(self._cursor.records(), 1):
            region = memoryview(self._data)[: len(text[: self._cursor.at].encode())]
            lines = self._cursor.row - self._row
            self._data, self._row = self._data[region.nbytes :], self._cursor.row
            return Frame(region, region[:0], number, lines, layout=NO_LINES, odd=[Odd(number, parsed, text)])
        try:
            self._cursor.bound(len(text) - 2 * look_ahead())
        except DeliveryError as error:
            self._failure = error
        return None

    def _odd_at(self, at: int, row: int, count: int) -> tuple[list[Odd], int] | None:
        size = _WINDOW
        while True:
            window = self._data[at : at + size]
            text, broken = _decoded(window, final=False)
            self._cursor.show(text, row, final=False)
            odd = [Odd(number, parsed, text) for number, parsed in islice(self._cursor.records(), count)]
            if odd:
                return odd, at + len(text[: self._cursor.at].encode())
            if broken is not None or len(window) < size:
                return None
            size *= 8

    def _batches(self, frame: Frame, block: Block) -> list[pa.RecordBatch] | None:
        """The records of a frame; None when the robust parser must look at the whole of it."""
        odd = frame.odd
        if block.ragged:
            ragged = self._ragged(frame, block)
            if ragged is None:
                return None
            odd = sorted([*odd, *ragged], key=lambda record: record.row)
        tally, rows = self._robust.tally, block.rows
        tally.blank += block.blank
        for row in tally.wanted if rows.size else ():
            at = int(rows.searchsorted(row))
            if at < rows.size and rows[at] == row:
                tally.see(row, [column[at].as_py() for column in block.columns])
        nulls = [pa.nulls(rows.size, self._schema.field(name).type) for name in LEAD[1:]]
        regular = pa.record_batch([pa.array(rows), *nulls, *block.columns], schema=self._schema)
        if not odd:
            return [regular]
        builder = self._robust.builder()
        for record in odd:
            self._robust.take(builder, record.row, record.parsed, record.text)
        return _merged(regular, builder.batch())

    def _ragged(self, frame: Frame, block: Block) -> list[Odd] | None:
        found: list[Odd] = []
        for row, start, end in block.ragged:
            text, broken = _decoded(frame.region[start:end], final=True)
            self._cursor.show(text, row, final=True)
            found += (Odd(number, parsed, text) for number, parsed in islice(self._cursor.records(), 1))
            if broken is not None or self._cursor.at < len(text):
                return None
        return found

    def _all_of(self, data: bytes, row: int) -> Iterator[pa.RecordBatch]:
        """All records of this part of the file from the robust parser, up to the first byte that is not UTF-8."""
        text, broken = _decoded(data, final=True)
        self._cursor.show(text, row, final=broken is None)
        yield from self._robust.robust_pieces()
        if broken is not None:
            raise self._source.undecodable(self._begin + broken)


def _merged(regular: pa.RecordBatch, odd: pa.RecordBatch) -> list[pa.RecordBatch]:
    """Both in the order of their row numbers."""
    places = np.unique(regular.column(ROW).to_numpy().searchsorted(odd.column(ROW).to_numpy()))
    if places.size > _FEW:
        both = pa.concat_batches([regular, odd])
        return [both.take(pa.array(np.argsort(both.column(ROW).to_numpy(), kind="stable")))]
    starts = odd.column(ROW).to_numpy().searchsorted(regular.column(ROW).to_numpy()[places[places < len(regular)]])
    parts: list[pa.RecordBatch] = []
    at = done = 0
    for place, end in zip(places.tolist(), [*starts.tolist(), len(odd)], strict=False):
        parts += [regular.slice(at, place - at), odd.slice(done, end - done)]
        at, done = place, end
    return [*parts, regular.slice(at)]


def _decoded(data: bytes | memoryview, *, final: bool) -> tuple[str, int | None]:
    """The text up to the first byte that is not UTF-8, and the place of that byte if there is one."""
    try:
        return codecs.utf_8_decode(data, "strict", final)[0], None
    except UnicodeDecodeError as error:
        return codecs.utf_8_decode(data[: error.start], "strict", True)[0], error.start


def _in_order(frames: Iterator[Frame], parse: Callable[[Frame], Block | None]) -> Iterator[tuple[Frame, Block | None]]:
    """Parse the frames in threads, a few ahead; a single one at once."""
    ahead = list(islice(frames, 2))
    if len(ahead) < 2:
        yield from ((frame, parse(frame)) for frame in ahead)
        return
    waiting: deque[tuple[Frame, Future[Block | None]]] = deque()
    with ThreadPoolExecutor(WORKERS, "parse") as pool:
        try:
            for frame in chain(ahead, frames):
                waiting.append((frame, pool.submit(parse, frame)))
                if len(waiting) > WORKERS:
                    first, result = waiting.popleft()
                    yield first, result.result()
            for first, result in waiting:
                yield first, result.result()
        finally:
            for _, result in waiting:
                result.cancel()
