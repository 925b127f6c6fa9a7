"""The column engine: a scalar function, applied once per distinct value of an Arrow column.

A semantic type is one pure function from text to value (`Semantic.read`). That function is the reference;
`Semantic.fast` may compute the regular cells of a column in bulk, and must give what the function gives.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contract import Column
from pipelines.reject import Baseline

Value = str | int | Decimal | dt.date | dt.datetime | bool
"""What a cell becomes: the Python object of the column's Arrow type."""


@dataclass(frozen=True)
class CellProblem:
    """Why a cell cannot be used. The message says what was expected and never contains the value."""

    kind: Baseline
    message: str


class CellError(Exception):
    """Raised by a semantic function for a cell it cannot read; becomes a reject of the row."""

    def __init__(self, message: str, kind: Baseline = Baseline.UNREADABLE) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


@dataclass(frozen=True)
class Problem:
    """A problem and the position of its cell in the column (from 0)."""

    index: int
    kind: Baseline
    message: str


@dataclass(frozen=True)
class CellOptions:
    """How the client writes this column.

    `formats` are date formats, tried in order; `century_from` is the first year a two-digit year may mean;
    `codes` maps source text to canonical text and `other` stands for texts it does not name; `iso_dates` also
    accepts ISO 8601 dates (workbooks: true date cells arrive as ISO text); `default_country` is the country of
    rows that name none.
    """

    locale: str
    time_zone: str
    formats: tuple[str, ...] = ()
    century_from: int | None = None
    codes: tuple[tuple[str, str], ...] = ()
    other: str | None = None
    iso_dates: bool = False
    default_country: str | None = None


@dataclass(frozen=True)
class CleanedColumn:
    """The typed column, as long as the cells given (null where empty or unreadable), and its problems in order."""

    values: pa.Array
    problems: list[Problem]


Step = tuple[str, Callable[[str], str]]
"""A change to the text that always succeeds, with the words `explain` uses for it."""

Fast = Callable[[pa.Array], tuple[pa.Array, pa.Array]]
"""string cells → (which cells are regular, values of those; null elsewhere)."""


def _same(text: str) -> str:
    return text


@dataclass(frozen=True)
class Semantic:
    """How one column is read.

    `prepare` is the steps one after another; `read` gets prepared text that is not empty, and the row's country or
    currency when `context` asks for it; `said` words the reading for `explain`; `mapped` applies the code map. What is
    not regular to the first of `fast` is given to the next. Answers of a `dear` reading are remembered.
    """

    steps: tuple[Step, ...]
    prepare: Callable[[str], str]
    read: Callable[[str, str | None], Value | None]
    said: Callable[[str], str]
    fast: tuple[Fast, ...] = ()
    context: str | None = None
    mapped: Callable[[str], str] = _same
    dear: bool = True


class ColumnCleaner:
    """Cleans one canonical column of one source; built by `registry.cleaner`."""

    def __init__(self, column: Column, options: CellOptions, semantic: Semantic) -> None:
        self.column = column
        self.options = options
        self._semantic = semantic

    @property
    def needs_country(self) -> bool:
        """Whether `clean` wants the row's cleaned country codes as `context["country"]`."""
        return self._semantic.context == "country"

    @property
    def needs_currency(self) -> bool:
        """Whether `clean` can use the row's currencies as `context["currency"]`: a currency mark must agree with it."""
        return self._semantic.context == "currency"

    def scalar(self, text: str, country: str | None = None, currency: str | None = None) -> Value | None:
        """The reference: the value of one cell, None when empty; raises CellError."""
        return self._one(text, country if self.needs_country else currency)

    def explain(self, text: str, country: str | None = None, currency: str | None = None) -> list[tuple[str, str]]:
        """Every change made to a cell, in order: (what was done, the text after it). Nothing done = no entry."""
        out: list[tuple[str, str]] = []
        for name, step in self._semantic.steps:
            after = step(text)
            if after != text:
                out.append((name, after))
            text = after
        try:
            after = self._semantic.mapped(text)
            if after != text:
                out.append(("mapped by codes", after))
            text = after
            value = self._semantic.read(text, country if self.needs_country else currency) if text else None
        except CellError as error:
            return [*out, (f"not readable: {error.message}", "")]
        shown = canonical(value)
        if shown != text or not pa.types.is_string(self.column.arrow_type):
            out.append((self._semantic.said(text) if text else "empty", shown))
        return out

    def clean(self, cells: pa.Array | pa.ChunkedArray, context: Mapping[str, pa.Array] | None = None) -> CleanedColumn:
        """Clean a column of text cells. A null cell (malformed record) stays null and is no problem."""
        cells = _flat(cells)
        beside = (context or {}).get(self._semantic.context or "")
        ways = self._semantic.fast
        if ways:
            ways = (*ways, _trimmed(ways[-1]))  # padded cells may be regular after all
        return self._in_turn(ways, cells, None if beside is None else _flat(beside))

    def _in_turn(self, ways: Sequence[Fast], cells: pa.Array, beside: pa.Array | None) -> CleanedColumn:
        """The first way for the cells that are regular to it, the others for the rest, at last the scalar function."""
        if not ways:
            return self._by_distinct(cells, beside)
        regular, values = ways[0](cells)
        if pc.all(regular, min_count=0).as_py():
            return CleanedColumn(values, [])
        odd = pc.invert(regular)
        at = np.flatnonzero(odd.to_numpy(zero_copy_only=False))
        if len(at) == len(cells):
            return self._in_turn(ways[1:], cells, beside)
        rows = pa.array(at)
        rest = self._in_turn(ways[1:], cells.take(rows), None if beside is None else beside.take(rows))
        problems = [Problem(int(at[p.index]), p.kind, p.message) for p in rest.problems]
        return CleanedColumn(pc.replace_with_mask(values, odd, rest.values), problems)

    def answer(self, text: str, beside: str | None) -> Value | CellProblem | None:
        """The value of one cell, or why it has none."""
        try:
            return self._one(text, beside)
        except CellError as error:
            return CellProblem(error.kind, error.message)

    def _one(self, text: str, beside: str | None) -> Value | None:
        text = self._semantic.mapped(self._semantic.prepare(text))
        return self._semantic.read(text, beside) if text else None

    def _by_distinct(self, cells: pa.Array, beside: pa.Array | None) -> CleanedColumn:
        """The scalar function, once per distinct text (and country or currency), spread over the rows."""
        indices, pairs = distinct(cells, beside)
        values: list[Value | None] = []
        problems: dict[int, CellProblem] = {}
        for number, (text, other) in enumerate(pairs):
            answer = _remembered(self, text, other) if self._semantic.dear else self.answer(text, other)
            if isinstance(answer, CellProblem):
                problems[number] = answer
            values.append(None if isinstance(answer, CellProblem) else answer)
        column = pa.array(values, self.column.arrow_type).take(indices)
        if not problems:
            return CleanedColumn(column, [])
        bad = np.zeros(len(pairs) + 1, bool)  # the last one stands for null cells
        bad[list(problems)] = True
        rows = indices.fill_null(len(pairs)).to_numpy()
        found = ((int(at), problems[int(rows[at])]) for at in np.flatnonzero(bad[rows]))
        return CleanedColumn(column, [Problem(at, p.kind, p.message) for at, p in found])


@lru_cache(maxsize=262_144)
def _remembered(cleaner: ColumnCleaner, text: str, beside: str | None) -> Value | CellProblem | None:
    """What a cleaner answered before, in this chunk or an earlier one: files repeat themselves from night to night.

    Equal columns with equal options share one cleaner (`registry.cleaner`), so an answer depends on nothing else.
    Measured: an e-mail address costs 34 µs, a telephone number 27, an odd amount 8, a date 3; a remembered one 0.2.
    At most so many are kept, the ones used last, some 80 MB, in memory only.
    """
    return cleaner.answer(text, beside)


def _trimmed(way: Fast) -> Fast:
    return lambda cells: way(pc.utf8_trim_whitespace(cells))


def canonical(value: Value | None) -> str:
    """A cleaned value as text: ISO dates, UTC times with Z, plain decimals, true and false."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ") + "Z"
    if isinstance(value, dt.date):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def distinct(cells: pa.Array, beside: pa.Array | None = None) -> tuple[pa.Array, list[tuple[str, str | None]]]:
    """(index of each row's distinct pair, the pairs). Null cells have a null index."""
    texts = pc.dictionary_encode(cells)
    words = texts.dictionary.to_pylist()
    if beside is None:
        return texts.indices, [(word, None) for word in words]
    others = pc.dictionary_encode(_flat(beside))
    names = [*others.dictionary.to_pylist(), None]
    second = others.indices.fill_null(len(names) - 1).cast(pa.int64())
    both = pc.dictionary_encode(pc.add(pc.multiply(texts.indices.cast(pa.int64()), len(names)), second))
    return both.indices, [(words[code // len(names)], names[code % len(names)]) for code in both.dictionary.to_pylist()]


def _flat(cells: pa.Array | pa.ChunkedArray) -> pa.Array:
    """One contiguous string array, whatever string layout came in."""
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.combine_chunks()
        if isinstance(cells, pa.ChunkedArray):  # pyarrow keeps more than 2 GB in pieces
            cells = pa.concat_arrays(cells.chunks) if cells.num_chunks else pa.array([], cells.type)
    return cells if cells.type == pa.string() else cells.cast(pa.string())
