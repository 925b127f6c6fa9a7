"""Rows of a delivery that may share their business key, found while its chunks stream by.

PostgreSQL needs about a second per million rows to group them by key, and does so twice (repeated rows, double keys),
nearly always to find nothing. A 64-bit hash per row tells which keys may occur twice: equal keys have equal hashes, so
every other row is out of question, and SQL decides about the few that are left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.validate.files import chunks, packed

Hashes = npt.NDArray[np.uint64]
_PART_ROWS = 1 << 20
_MULTIPLY = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)
_WORD = 8


@dataclass
class SameKeys:
    """Hashes of the keys that came: 8 bytes a row. Rows that were skipped, or lack a part of their key, have none.

    `rows` have one.
    """

    key: Sequence[str]
    rows: int = 0
    _found: list[Hashes] = field(default_factory=list)

    def add(self, clean: pa.RecordBatch) -> None:
        """Note the keys of one chunk."""
        hashes = key_hashes(clean, self.key)[1]
        self.rows += len(hashes)
        self._found.append(hashes)

    def twice(self) -> Hashes:
        """Hashes that came more than once, sorted. Looks at a part of them at a time, to need little memory."""
        parts = max(1, self.rows // _PART_ROWS).bit_length() - 1
        return np.concatenate([_repeated(part) for part in self._parts(parts)])

    def _parts(self, bits: int) -> Iterator[Hashes]:
        if not bits:
            yield np.concatenate([np.zeros(0, np.uint64), *self._found])
            return
        shift = np.uint64(64 - bits)
        for part in range(1 << bits):
            yield np.concatenate([found[found >> shift == part] for found in self._found])

    def addresses(self, folder: Path, twice: Hashes) -> Iterator[list[int]]:
        """Packed addresses of the rows with these hashes, chunk by chunk."""
        for (clean,) in chunks(folder, "clean.arrow"):
            places, hashes = key_hashes(clean, self.key)
            at = places[np.isin(hashes, twice)]
            if len(at):
                yield packed(clean.select(["_row_number", "_row_part"]).take(pa.array(at))).tolist()


def key_hashes(clean: pa.RecordBatch, key: Sequence[str]) -> tuple[npt.NDArray[np.int64], Hashes]:
    """Places in the chunk of the rows that have a key and are not skipped, and the hashes of their keys."""
    wanted = pc.fill_null(pc.not_equal(clean.column("_fate"), "skipped"), True)
    for name in key:
        if clean.column(name).null_count:
            wanted = pc.and_(wanted, clean.column(name).is_valid())
    places = np.flatnonzero(np.asarray(wanted))
    rows = clean.select(list(key))
    if len(places) < len(rows):
        rows = rows.take(pa.array(places))
    hashes = np.zeros(len(places), np.uint64)
    for column in rows.columns:
        _mix_in(hashes, column)
    return places, hashes


def _mix_in(hashes: Hashes, column: pa.Array) -> None:
    """Add the values of one column, none of them null, to the hashes of their rows."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        _mix_in(hashes, column.dictionary_decode())
    elif pa.types.is_string(kind):
        _mix_in_texts(hashes, column)
    elif pa.types.is_boolean(kind):
        _mix(hashes, np.asarray(column.cast(pa.uint8())).astype(np.uint64))
    else:
        words = np.frombuffer(column.buffers()[1], np.dtype(f"<u{min(kind.bit_width // 8, _WORD)}"))
        words = words.reshape(-1, max(1, kind.bit_width // 64))[column.offset : column.offset + len(column)]
        for word in words.T:
            _mix(hashes, word.astype(np.uint64))


def _mix_in_texts(hashes: Hashes, column: pa.Array) -> None:
    """Eight bytes of every text at a time; shorter texts have ended by then."""
    if not len(column):
        return
    offsets = np.frombuffer(column.buffers()[1], np.int32, len(column) + 1, column.offset * 4).astype(np.int64)
    start, length = offsets[:-1], np.diff(offsets)
    data = np.frombuffer(column.buffers()[2] or b"", np.uint8, int(offsets[-1]))
    data = np.concatenate([data, np.zeros(_WORD, np.uint8)])
    words = np.ndarray((len(data) - _WORD + 1,), "<u8", data, strides=(1,))
    _mix(hashes, length.astype(np.uint64))
    rows = np.arange(len(column))
    for at in range(0, int(length.max()), _WORD):
        if at:
            rows = rows[length[rows] > at]
        left = np.minimum(length[rows] - at, _WORD).clip(0)
        kept = hashes[rows]
        _mix(kept, words[start[rows] + at] & _MASKS[left])
        hashes[rows] = kept


_MASKS = np.array([(1 << 8 * n) - 1 for n in range(_WORD + 1)], np.uint64)
"""Number of bytes → the part of a word that they are."""


def _mix(hashes: Hashes, words: Hashes) -> None:
    hashes ^= words
    hashes *= _MULTIPLY
    hashes ^= hashes >> _SHIFT


def _repeated(hashes: Hashes) -> Hashes:
    hashes.sort()
    again = hashes[1:][hashes[1:] == hashes[:-1]]
    return np.unique(again)
