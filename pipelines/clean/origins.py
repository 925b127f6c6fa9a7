"""Where the text of a canonical column comes from: one class per word of the column map."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.clean.expression import Expression
from pipelines.clean.facts import FileInfo
from pipelines.clean.frame import (
    Cells,
    Fault,
    Frame,
    by_distinct,
    empty_texts,
    indices_where,
    joined_filled,
    nothing_as_null,
)
from pipelines.clean.mapping import Binder
from pipelines.clean.parts import CountryOf, PartOf
from pipelines.clean.signed import Signed, Terms
from pipelines.errors import DeliveryError
from pipelines.profile import ColumnRule
from pipelines.reject import Baseline
from pipelines.sheetrows import SHEET_ROWS


class Origin(Protocol):
    """Gives the text of one canonical column for the rows of a frame.

    `sources` are the source columns it reads; `said` tells `explain` what was done to them, nothing when the cell was
    taken as it is; `exact` says that the text is no cell of the client but a number or date already in plain form.
    """

    @property
    def sources(self) -> tuple[str, ...]:
        """Source columns, those that the file has."""

    @property
    def said(self) -> str:
        """Words for `explain`."""

    @property
    def exact(self) -> bool:
        """Whether the text is in plain form."""

    def read(self, frame: Frame) -> Cells:
        """The cells of the rows."""


class Table(Protocol):
    """A look-up table as the column map sees it."""

    def require(self, column: str) -> None:
        """Raise DeliveryError unless the table has that column."""

    def answer(self, column: str, keys: Sequence[pa.Array], optional: bool) -> Cells:
        """The table's texts for some keys."""


@dataclass(frozen=True)
class Surroundings:
    """What an origin may use beside the row: look-up tables, facts of the file, groups of its name, number terms.

    For `part`: the client's locale, the country of the row, and the source columns that hold whole addresses.
    """

    lookups: Mapping[str, Table]
    info: FileInfo
    groups: Mapping[str, str]
    terms: Terms
    locale: str = "en_US"
    country: CountryOf | None = None
    whole: frozenset[tuple[str, ...]] = frozenset()


@dataclass(frozen=True)
class Renamed:
    """`from`: the cell itself."""

    column: str | None
    said: str = ""
    exact: bool = False

    @property
    def sources(self) -> tuple[str, ...]:
        """Source columns, those that the file has."""
        return _present(self.column)

    def read(self, frame: Frame) -> Cells:
        """The column as it stands."""
        return Cells(frame.cell(self.column), frame.raw(self.column))


@dataclass(frozen=True)
class FirstOf:
    """`first_of`: the first cell that is not empty."""

    columns: tuple[str | None, ...]
    said: str = "first that is not empty"
    exact: bool = False

    @property
    def sources(self) -> tuple[str, ...]:
        """Source columns, those that the file has."""
        return _present(*self.columns)

    def read(self, frame: Frame) -> Cells:
        """Cell by cell the first of the columns."""
        texts = pc.coalesce(*(nothing_as_null(frame.cell(c)) for c in self.columns), pa.scalar("", pa.string()))
        return Cells(texts, texts)


@dataclass(frozen=True)
class Constant:
    """`value`, `file`, `sheet_name`, `cell`: one text for every row. A `value` is written in plain form."""

    text: str
    said: str
    exact: bool = False
    sources: tuple[str, ...] = ()

    def read(self, frame: Frame) -> Cells:
        """The text, repeated."""
        texts = pa.repeat(pa.scalar(self.text.strip(), pa.string()), frame.rows)
        return Cells(texts, texts)


@dataclass(frozen=True)
class SheetName:
    """`sheet_name` of a workbook of which several sheets are read: the row number tells which."""

    sheets: tuple[str, ...]
    said: str = "name of the sheet"
    exact: bool = False
    sources: tuple[str, ...] = ()

    def read(self, frame: Frame) -> Cells:
        """The name of each row's sheet."""
        names = pa.array([name.strip() for name in self.sheets], pa.string())
        texts = pc.fill_null(names.take(pc.divide(frame.numbers, SHEET_ROWS)), "")
        return Cells(texts, texts)


@dataclass(frozen=True)
class Concat:
    """`concat`: the cells that are not empty, joined."""

    columns: tuple[str | None, ...]
    separator: str
    said: str = "joined"
    exact: bool = False

    @property
    def sources(self) -> tuple[str, ...]:
        """Source columns, those that the file has."""
        return _present(*self.columns)

    def read(self, frame: Frame) -> Cells:
        """One text per row."""
        cells = [nothing_as_null(frame.cell(c)) for c in self.columns]
        texts = pc.utf8_trim_whitespace(joined_filled(cells, self.separator))
        return Cells(texts, texts)


@dataclass(frozen=True)
class Part:
    """`split`: a group of a pattern that must match the whole cell; an empty cell is no value."""

    column: str | None
    pattern: re.Pattern[str]
    group: str | int
    exact: bool = False

    @property
    def said(self) -> str:
        """Words for `explain`."""
        return f"part {self.group} of /{self.pattern.pattern}/"

    @property
    def sources(self) -> tuple[str, ...]:
        """Source columns, those that the file has."""
        return _present(self.column)

    def read(self, frame: Frame) -> Cells:
        """The group, stripped; a cell that does not match is a fault."""
        found = by_distinct(frame.cell(self.column), self._part, pa.string())
        fault = Fault(Baseline.UNREADABLE, f"expected a text of the form /{self.pattern.pattern}/")
        faults = dict.fromkeys(indices_where(pc.is_null(found)), fault)
        return Cells(pc.fill_null(found, ""), frame.raw(self.column), faults)

    def _part(self, text: str) -> str | None:
        found = self.pattern.fullmatch(text)
        if found is None:
            return None if text else ""
        return (found[self.group] or "").strip()


@dataclass(frozen=True)
class LookedUp:
    """`lookup`: what a look-up table says for the row's key."""

    table: Table
    name: str
    column: str
    keys: tuple[str | None, ...]
    optional: bool
    exact: bool = False

    @property
    def said(self) -> str:
        """Words for `explain`."""
        return f"{self.column} of look-up table {self.name}"

    @property
    def sources(self) -> tuple[str, ...]:
        """Source columns, those that the file has."""
        return _present(*self.keys)

    def read(self, frame: Frame) -> Cells:
        """The table's answers."""
        return self.table.answer(self.column, [frame.cell(k) for k in self.keys], self.optional)


@dataclass(frozen=True)
class Computed:
    """`sql`: an expression over the cells of the row."""

    expression: Expression
    columns: tuple[str | None, ...]
    said: str = "computed by the SQL expression"
    _fault: Fault = field(default=Fault(Baseline.UNREADABLE, "the SQL expression cannot be computed for this row"))

    @property
    def sources(self) -> tuple[str, ...]:
        """Source columns, those that the file has."""
        return _present(*self.columns)

    @property
    def exact(self) -> bool:
        """Results of another type than text are in plain form."""
        return not self.expression.gives_text

    def read(self, frame: Frame) -> Cells:
        """The results; the originals are the cells the expression saw, joined."""
        cells = [frame.cell(c) for c in self.columns]
        texts, failed = self.expression.evaluate(cells, frame.rows)
        seen = pc.binary_join_element_wise(*cells, " | ") if cells else empty_texts(frame.rows)
        return Cells(texts, seen, dict.fromkeys(indices_where(failed), self._fault))


def bind_origin(name: str, rule: ColumnRule, binder: Binder, around: Surroundings) -> Origin:
    """The origin a rule names, bound to the columns of a file."""
    origin = _bind(name, rule, binder, around)
    if rule.part is None:
        return origin
    return PartOf(origin, rule.part, around.locale, around.country, tuple(rule.sources) in around.whole)


def _bind(name: str, rule: ColumnRule, binder: Binder, around: Surroundings) -> Origin:

    def one(spellings: Sequence[str]) -> str | None:
        return binder.one(spellings, name, optional=rule.optional)

    if rule.from_ is not None:
        return Renamed(one(rule.from_))
    if rule.first_of is not None:
        return FirstOf(tuple(one([c]) for c in rule.first_of))
    if rule.concat is not None:
        return Concat(tuple(one([c]) for c in rule.concat), rule.separator)
    if rule.split is not None:
        return Part(one(rule.split.from_), re.compile(rule.split.pattern), rule.split.group)
    if rule.signed is not None:
        return Signed.bind(rule.signed, one, around.terms)
    if rule.sql is not None:
        expression = Expression(rule.sql)
        return Computed(expression, tuple(one([c]) for c in expression.columns))
    if rule.lookup is not None:
        use = rule.lookup
        table = around.lookups[use.table]
        table.require(use.column)
        return LookedUp(table, use.table, use.column, tuple(one([k]) for k in use.key), use.optional)
    return _of_file(name, rule, around)


def _of_file(name: str, rule: ColumnRule, around: Surroundings) -> Origin:
    """The origins that do not depend on the row."""
    if rule.value is not None:
        return Constant(rule.value, "constant of the profile", exact=True)
    if rule.file is not None:
        return Constant(around.groups.get(rule.file) or "", f"{rule.file} of the file name")
    if rule.sheet_name:
        if len(around.info.sheets) > 1:
            return SheetName(around.info.sheets)
        return Constant(around.info.sheet or "", "name of the sheet")
    address = (rule.cell or "").upper()
    if address not in around.info.cells and not rule.optional:
        raise DeliveryError(
            f"cell missing: {address} (for {name})",
            where=f"cell {address}",
            got="a file that ends before it",
            expected="a cell at that address",
            next_step="ask the client for the complete file, or correct the address in the profile",
        )
    return Constant(around.info.cells.get(address, ""), f"cell {address}")


def _present(*columns: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(c for c in columns if c is not None))
