"""Rows that came before: what cleaning made of a raw row last time is what it makes of it now.

Cleaning is a function of the raw row, as long as declarations, look-ups, facts of the file and code are the same
(whoever gives a memo answers for that). So rows of a delivery whose raw cells are all equal to those of the delivery
before take their cleaned values, row hash included, from it; cells that the profile ignores do not matter. Only rows
that ended as plain rows are taken: no problem, not skipped, not malformed.

Measured with 1M rows of 20 columns, 1 % of them changed: 0.6 instead of 2.7 CPU seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.arrowfile import ArrowChunks
from pipelines.clean.apply import Cleaned, Plan, clean_schema
from pipelines.clean.filters import Mask
from pipelines.clean.frame import INTERNAL, joined_key

RAW, CLEAN, PROBLEMS = "raw.arrow", "clean.arrow", "problems.arrow"
FILES = (RAW, CLEAN, PROBLEMS)
"""What is kept of a delivery."""

_MOST_RUNS = 4096
"""Runs of neighbouring rows in a chunk: with more the rows are put together so slowly that cleaning is as quick."""

Places = npt.NDArray[np.int64]
"""Per row its place among all rows of the memo, -1 = none."""


@dataclass(frozen=True)
class Known:
    """The rows of a chunk that came before (`mask`), and the cleaned columns: of the other rows they hold anything."""

    raw: pa.RecordBatch
    mask: Mask
    columns: list[pa.Array]

    @property
    def rest(self) -> pa.RecordBatch:
        """The raw rows that must be cleaned."""
        return self.raw.filter(pa.array(~self.mask))

    def with_rest(self, cleaned: Cleaned) -> Cleaned:
        """All rows of the chunk in their order, given what the rest became."""
        table = cleaned.table
        first = [self.raw.column(0), pa.repeat(pa.scalar(0, pa.int32()), self.raw.num_rows)]
        columns = [*first, *self.columns]
        if table.num_rows:
            odd = pa.array(~self.mask)
            columns[2:] = [
                pc.replace_with_mask(known, odd, new)
                for known, new in zip(self.columns, table.columns[2:], strict=True)
            ]
        return replace(cleaned, table=pa.RecordBatch.from_arrays(columns, schema=table.schema))


class Memo:
    """The raw and cleaned rows of an earlier delivery. Ask for the chunks of a file in its order.

    Candidates are found by the cells of the business key, first where the last chunk left off, then among the
    neighbouring chunks: rows that were inserted or left out shift the others. Whether a candidate is the same row is
    then decided by all cells, so the search may guess. In memory are the keys of three chunks.
    """

    def __init__(
        self,
        raw: ArrowChunks,
        clean: ArrowChunks,
        problems: ArrowChunks,
        key: Sequence[str],
        cells: Sequence[str],
    ) -> None:
        self._cells = cells
        self._raw = raw
        self._clean = clean
        self._starts = np.cumsum([0, *(batch.num_rows for batch in raw)])
        self._key = key
        self._keys: dict[int, pa.Array] = {}
        self._next = 0
        numbers = [batch.column("row_number") for batch in problems]
        self._troubled = pa.concat_arrays(numbers).unique() if numbers else pa.array([], pa.int64())

    @classmethod
    def open(cls, folder: Path, plan: Plan, header: pa.Schema) -> Memo | None:
        """The memo in a folder, if there is one that this plan and a raw file with this schema can use."""
        if not plan.row_by_row:
            return None
        try:
            raw, clean, problems = (ArrowChunks(folder / name) for name in FILES)
        except (OSError, ValueError, pa.ArrowInvalid):  # another delivery has taken its place, or it is damaged
            return None
        columns = [name for name in header.names[len(INTERNAL) :] if name not in plan.ignored]
        if raw.schema != header or clean.schema != clean_schema(plan.contract) or len(raw) != len(clean) or not columns:
            return None
        key = dict.fromkeys(source for name in plan.contract.key for source in plan.sources.get(name, ()))
        return cls(raw, clean, problems, list(key) or columns, columns)

    def known(self, raw: pa.RecordBatch) -> Known | None:
        """The rows of the next chunk that came before; None when they are too few or too scattered to be of use."""
        places = self._candidates(raw)
        runs = _runs(places)
        if len(runs) > _MOST_RUNS or not (places >= 0).any():
            return None
        mask = places >= 0
        for name in self._cells:
            same = pc.equal(raw.column(name), self._gathered(self._raw, name, pa.string(), runs))
            mask &= pc.fill_null(same, False).to_numpy(zero_copy_only=False)
        mask &= self._sound(runs)
        self._next = int(places[mask][-1]) + len(places) - int(np.flatnonzero(mask)[-1]) if mask.any() else self._next
        fields = list(self._clean.schema)[2:]
        columns = [self._gathered(self._clean, field.name, field.type, runs) for field in fields]
        return Known(raw, mask, columns) if mask.any() else None

    def release(self) -> None:
        """Let go of what was read so far."""
        self._raw.release()
        self._clean.release()

    def _candidates(self, raw: pa.RecordBatch) -> Places:
        """For each row a place at which the same key stands."""
        keys = _keys(raw, self._key)
        rows, end = raw.num_rows, int(self._starts[-1])
        places = np.full(rows, -1, np.int64)
        guess = np.arange(self._next, min(self._next + rows, end))
        if guess.size:
            there = pa.concat_arrays([self._keys_of(b).slice(start, n) for b, start, n in self._pieces(guess)])
            same = pc.equal(keys.slice(0, guess.size), there).to_numpy(zero_copy_only=False)
            places[: guess.size][same] = guess[same]
        around = self._batch_of(min(self._next, end - 1)) if end else 0
        for batch in (around, around + 1, around - 1):
            open_rows = np.flatnonzero(places < 0)
            if open_rows.size and 0 <= batch < len(self._raw):
                found = _index_in(keys.take(pa.array(open_rows)), self._keys_of(batch))
                hit = found >= 0
                places[open_rows[hit]] = self._starts[batch] + found[hit]
        for batch in [b for b in self._keys if not around - 1 <= b <= around + 1]:
            del self._keys[batch]
        return places

    def _sound(self, runs: Sequence[tuple[int, int]]) -> Mask:
        """Whether each candidate ended as a plain row."""
        fate = self._gathered(self._clean, "_fate", pa.string(), runs)
        number = self._gathered(self._clean, "_row_number", pa.int64(), runs)
        sound = pc.and_not(pc.is_null(fate), pc.is_in(number, self._troubled))
        return np.asarray(sound.to_numpy(zero_copy_only=False), dtype=np.bool_)

    def _gathered(self, file: ArrowChunks, name: str, kind: pa.DataType, runs: Sequence[tuple[int, int]]) -> pa.Array:
        """A column of the memo, row by row as the runs say; null where there is no candidate."""
        parts: list[pa.Array] = []
        for place, rows in runs:
            if place < 0:
                parts.append(pa.nulls(rows, kind))
            else:
                parts += [file[b].column(name).slice(start, n) for b, start, n in self._pieces_of(place, rows)]
        return parts[0] if len(parts) == 1 else pa.concat_arrays(parts)

    def _pieces(self, guess: Places) -> list[tuple[int, int, int]]:
        return self._pieces_of(int(guess[0]), guess.size)

    def _pieces_of(self, place: int, rows: int) -> list[tuple[int, int, int]]:
        """(chunk, first row in it, number of rows) of neighbouring rows."""
        pieces: list[tuple[int, int, int]] = []
        while rows:
            batch = self._batch_of(place)
            start = place - int(self._starts[batch])
            taken = min(rows, int(self._starts[batch + 1]) - place)
            pieces.append((batch, start, taken))
            place, rows = place + taken, rows - taken
        return pieces

    def _batch_of(self, place: int) -> int:
        return int(np.searchsorted(self._starts, place, side="right")) - 1

    def _keys_of(self, batch: int) -> pa.Array:
        if batch not in self._keys:
            self._keys[batch] = _keys(self._raw[batch], self._key)
        return self._keys[batch]


def _keys(raw: pa.RecordBatch, names: Sequence[str]) -> pa.Array:
    return joined_key([pc.fill_null(raw.column(name), "") for name in names])


def _index_in(some: pa.Array, among: pa.Array) -> Places:
    """For each text the place at which it stands, -1 = nowhere. What is few makes the table that is searched."""
    if 4 * len(some) > len(among):
        found = pc.index_in(some, among)
        return np.asarray(found.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)
    distinct = some.dictionary_encode()
    which = pc.index_in(among, distinct.dictionary).fill_null(-1).to_numpy(zero_copy_only=False)
    at = np.flatnonzero(which >= 0)
    places: Places = np.full(len(distinct.dictionary), -1, np.int64)
    places[which[at][::-1]] = at[::-1]  # the first of several
    return np.asarray(places[distinct.indices.to_numpy(zero_copy_only=False)], dtype=np.int64)


def _runs(places: Places) -> list[tuple[int, int]]:
    """(first place or -1, number of rows) of the rows that are neighbours there too."""
    there = places >= 0
    breaks = np.where(there[1:] & there[:-1], np.diff(places) != 1, there[1:] != there[:-1])
    starts = np.concatenate(([0], np.flatnonzero(breaks) + 1))
    lengths = np.diff(np.concatenate((starts, [len(places)])))
    return list(zip(places[starts].tolist(), lengths.tolist(), strict=True))
