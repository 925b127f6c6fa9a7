"""The fast way through delimited text: pyarrow's parser on blocks that provably mean the same to it.

pyarrow neither gives row numbers nor sees a stray quote. So each block is first framed here: where its records
end, on which line each begins, and whether every quote is either at the edge of a cell or doubled inside one.
Whatever is odd (a stray quote, a ragged record, a NUL byte, a lone carriage return) gives the block to the robust
parser of `grammar.py`; both give the same cells, row numbers and problems.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv

from pipelines.extract.table import BLANK
from pipelines.profile import Format

_LF, _CR = 10, 13


@dataclass(frozen=True)
class Block:
    """The records at the beginning of a text: their cells by column, and their row numbers."""

    columns: list[pa.Array]
    rows: NDArray[np.int64]
    blank: int
    chars: int
    lines: int


class FastParser:
    """Parses blocks of one simple dialect into `width` columns."""

    def __init__(self, fmt: Format, width: int) -> None:
        self._quote = fmt.quote_char
        self._delimiter = fmt.delimiter
        self._skip_space = fmt.skip_initial_space
        names = [str(i) for i in range(width)]
        self._names = names
        self._convert = csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=False,
            quoted_strings_can_be_null=False,
            check_utf8=False,
        )

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
        )

    def parse(self, text: str, first_row: int, final: bool) -> Block | None:
        """The complete records of `text`, or None when the robust parser must look at them."""
        if "\0" in text or text.startswith("\ufeff"):  # pyarrow drops a mark at the beginning of any block
            return None
        data = text.encode()
        if final and not data.endswith(b"\n"):
            data += b"\n"
        buffer = np.frombuffer(data, np.uint8)
        breaks = np.flatnonzero(buffer == _LF)
        quoted = self._quote is not None and self._quote in text
        if quoted and self._skip_space:
            return None
        quotes = np.flatnonzero(buffer == ord(self._quote)) if quoted and self._quote else breaks[:0]
        ends = breaks[np.searchsorted(quotes, breaks) % 2 == 0] if quoted else breaks
        if not ends.size:
            return None
        cut = int(ends[-1]) + 1
        body = data[:cut]
        if body.count(b"\r") != body.count(b"\r\n"):
            return None
        if quoted and not self._regular(buffer, quotes[quotes < cut]):
            return None
        starts = np.concatenate(([0], ends[:-1] + 1))
        filled = ends - starts > (buffer[ends - 1] == _CR) * (ends > starts)
        lines = np.searchsorted(breaks, starts) if quoted else np.arange(starts.size)
        columns = self._columns(body, bool(filled.any()), ends.size < breaks.size)
        if columns is None or len(columns[0]) != int(filled.sum()):
            return None
        chars = min(cut if text.isascii() else len(body.decode()), len(text))
        total = int(np.searchsorted(breaks, cut))
        return _without_blank(columns, first_row + lines[filled], int((~filled).sum()), chars, total)

    def _regular(self, buffer: NDArray[np.uint8], quotes: NDArray[np.int64]) -> bool:
        """Whether each odd quote begins a cell or is the second of a doubled one, and each even one likewise ends it.

        By induction over the quotes this means that a place is inside quotes if and only if an odd number of them
        stands before it, to pyarrow as to us.
        """
        quote, delimiter = ord(self._quote or ""), ord(self._delimiter)
        opening, closing = quotes[0::2], quotes[1::2]
        before = np.where(opening == 0, _LF, buffer[opening - 1])
        after = buffer[closing + 1]
        begins = (before == delimiter) | (before == _LF) | (before == quote)
        ends = (after == delimiter) | (after == _LF) | (after == _CR) | (after == quote)
        return bool(begins.all() and ends.all())

    def _columns(self, body: bytes, any_record: bool, multiline: bool) -> list[pa.Array] | None:
        if not any_record:
            return [pa.array([], pa.string()) for _ in self._names]
        try:
            table = csv.read_csv(
                pa.BufferReader(body),
                csv.ReadOptions(use_threads=False, block_size=len(body) + 1, column_names=self._names),
                csv.ParseOptions(
                    delimiter=self._delimiter,
                    quote_char=self._quote or False,
                    double_quote=True,
                    newlines_in_values=multiline,
                    ignore_empty_lines=True,
                ),
                self._convert,
            )
        except pa.ArrowInvalid:  # a ragged record
            return None
        columns = [c.chunk(0) if c.num_chunks == 1 else c.combine_chunks() for c in table.columns]
        if self._skip_space:
            columns[1:] = [pc.utf8_ltrim(column, " ") for column in columns[1:]]
        return columns


def _without_blank(columns: list[pa.Array], rows: NDArray[np.int64], blank: int, chars: int, lines: int) -> Block:
    """Leave out the records whose cells are all white space."""
    empty = pc.equal(pc.utf8_trim(columns[0], BLANK), "")
    for column in columns[1:]:
        if not pc.any(empty).as_py():
            break
        empty = pc.and_(empty, pc.equal(pc.utf8_trim(column, BLANK), ""))
    if pc.any(empty).as_py():
        keep = pc.invert(empty)
        columns = [column.filter(keep) for column in columns]
        rows, dropped = rows[keep.to_numpy(zero_copy_only=False)], int(pc.sum(empty).as_py())
        blank += dropped
    return Block(columns, rows.astype(np.int64), blank, chars, lines)
