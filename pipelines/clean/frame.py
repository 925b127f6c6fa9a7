"""Text cells of some rows, and what an origin of the column map makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.reject import Baseline

INTERNAL = ("__row_number", "__problem", "__raw", "__cells")
"""Columns of raw.arrow before the source's own."""


@dataclass(frozen=True)
class Fault:
    """Why one cell has no text. The message never holds the value; `key` (of look-up `table`) is masked later."""

    kind: Baseline
    message: str
    table: str | None = None
    key: str | None = None


@dataclass(frozen=True)
class Cells:
    """What an origin gave for every row: trimmed text ('' = nothing), the text as received, faults by row."""

    texts: pa.Array
    originals: pa.Array
    faults: dict[int, Fault] = field(default_factory=dict)


class Frame:
    """Source columns of some rows, as received and trimmed; each column is prepared once, when asked for.

    The name None stands for an optional column the file does not have: its cells are empty. `numbers` are the row
    numbers, null where the rows come from no file.
    """

    def __init__(self, columns: Mapping[str, pa.Array], rows: int, numbers: pa.Array | None = None) -> None:
        self.rows = rows
        self.numbers = pa.nulls(rows, pa.int64()) if numbers is None else numbers
        self._columns = columns
        self._raw: dict[str, pa.Array] = {}
        self._trimmed: dict[str, pa.Array] = {}

    @classmethod
    def of_batch(cls, batch: pa.RecordBatch) -> Frame:
        """The source columns of a raw batch."""
        names = batch.schema.names
        start = len(INTERNAL) if tuple(names[: len(INTERNAL)]) == INTERNAL else 0
        numbers = batch.column(0) if start else None
        return cls({n: batch.column(i) for i, n in enumerate(names) if i >= start}, batch.num_rows, numbers)

    def raw(self, name: str | None) -> pa.Array:
        """Cells as received; '' where the record has none."""
        if name is None:
            return empty_texts(self.rows)
        if name not in self._raw:
            self._raw[name] = pc.fill_null(self._fetch(name), "")
        return self._raw[name]

    def cell(self, name: str | None) -> pa.Array:
        """Cells without white space around them."""
        if name is None:
            return empty_texts(self.rows)
        if name not in self._trimmed:
            self._trimmed[name] = pc.utf8_trim_whitespace(self.raw(name))
        return self._trimmed[name]

    def faults(self, name: str | None) -> Mapping[int, Fault]:
        """Rows whose cell could not be made, where the column is none of the file."""
        return {}

    def faults_of(self, names: Sequence[str | None]) -> dict[int, Fault]:
        """The same over several columns; the first fault of a row stands."""
        found: dict[int, Fault] = {}
        for name in reversed(names):
            found.update(self.faults(name))
        return found

    def _fetch(self, name: str) -> pa.Array:
        return self._columns[name]


class MadeFrame(Frame):
    """A frame with further columns that were made of it. A cell that could not be made shows what it was made of."""

    def __init__(self, base: Frame, made: Mapping[str, Cells]) -> None:
        super().__init__({name: _shown(cells) for name, cells in made.items()}, base.rows, base.numbers)
        self._base = base
        self._made = made

    def faults(self, name: str | None) -> Mapping[int, Fault]:
        """Those of the column, when it is a made one."""
        made = self._made.get(name or "")
        return self._base.faults(name) if made is None else made.faults

    def _fetch(self, name: str) -> pa.Array:
        return self._columns[name] if name in self._columns else self._base.raw(name)


class TakenFrame(Frame):
    """Rows of another frame by index, with columns of its own; a column is taken when it is asked for."""

    def __init__(
        self,
        base: Frame,
        index: pa.Array,
        extra: Mapping[str, pa.Array],
        faults: Mapping[str, Mapping[int, Fault]] = MappingProxyType({}),
    ) -> None:
        super().__init__(extra, len(index), base.numbers.take(index))
        self._base = base
        self._index = index
        self._faults = faults

    def faults(self, name: str | None) -> Mapping[int, Fault]:
        """Of a column of its own as given, else those of the rows taken."""
        if name in self._columns:
            return self._faults.get(name or "", {})
        if not (of_base := self._base.faults(name)):
            return {}
        return {at: of_base[row] for at, row in enumerate(self._index.to_pylist()) if row in of_base}

    def _fetch(self, name: str) -> pa.Array:
        return self._columns[name] if name in self._columns else self._base.raw(name).take(self._index)


def _shown(cells: Cells) -> pa.Array:
    if not cells.faults:
        return cells.texts
    failed = [row in cells.faults for row in range(len(cells.texts))]
    return pc.if_else(pa.array(failed, pa.bool_()), cells.originals, cells.texts)


def empty_texts(rows: int) -> pa.Array:
    """So many empty cells."""
    return pa.repeat(pa.scalar("", pa.string()), rows)


def nothing_as_null(texts: pa.Array) -> pa.Array:
    """Empty cells as nulls."""
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def by_distinct(texts: pa.Array, function: Callable[[str], Any], kind: pa.DataType) -> pa.Array:
    """Apply a plain function once per distinct text."""
    encoded = texts.dictionary_encode()
    answers = pa.array([function(t) for t in encoded.dictionary.to_pylist()], kind)
    return answers.take(encoded.indices)


def joined_filled(parts: Sequence[pa.Array], separator: str) -> pa.Array:
    """The texts of each row that are not null, joined; '' where all are null.

    The leading '' keeps rows without any text: Arrow's `skip` drops such rows from its result altogether.
    """
    texts = pc.binary_join_element_wise(pa.scalar("", pa.string()), *parts, separator, null_handling="skip")
    return pc.utf8_slice_codeunits(texts, start=len(separator), stop=None)


def indices_where(mask: pa.Array) -> list[int]:
    """Positions at which a boolean array is true."""
    found: list[int] = pc.indices_nonzero(mask).to_pylist()
    return found


def joined_key(parts: Sequence[pa.Array]) -> pa.Array:
    """One text per row for several cells; different cells never give the same text."""
    if len(parts) == 1:
        return parts[0]
    pieces: list[pa.Array] = []
    for part in parts:
        pieces += [pc.binary_length(part).cast(pa.string()), part]
    return pc.binary_join_element_wise(*pieces, ":")
