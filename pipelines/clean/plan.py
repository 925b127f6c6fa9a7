"""One canonical column of one source: origin, absent markers, semantic type."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.clean.column import CellOptions, ColumnCleaner
from pipelines.clean.expression import Expression
from pipelines.clean.filters import Mask
from pipelines.clean.frame import Cells, Fault, Frame, by_distinct
from pipelines.clean.origins import Origin, Renamed
from pipelines.clean.registry import cleaner
from pipelines.clean.signed import TERM_TYPE
from pipelines.contract import CLASSIFICATIONS, Column, Contract
from pipelines.dialect import TABLE_TYPES
from pipelines.errors import DeclarationError
from pipelines.profile import ColumnRule, SourceRef, absent_pattern
from pipelines.reject import Baseline

_PLAIN_LOCALE = "en_US"
_WITH_ISO_DATES = frozenset({"xlsx", *TABLE_TYPES})
"""Formats that write dates as ISO 8601 unless the profile says otherwise."""
_NUMBERS = ("decimal", "money", "quantity", "rate", "integer")
_HAVE_PLAIN_FORM = (*_NUMBERS, "date", "timestamp", "period")


_UNREADABLE = frozenset({Baseline.UNREADABLE})
_OF_VALUE = frozenset({Baseline.UNREADABLE, Baseline.UNKNOWN_CODE, Baseline.OUT_OF_SCALE})


@dataclass(frozen=True)
class Absent:
    """Markers that stand where a value is missing, each with the code that says why; and the code, if any, of a text
    that cannot be read, with the kinds of fault that it stands for."""

    markers: tuple[tuple[re.Pattern[str], str], ...]
    unreadable: str | None = None
    faults: frozenset[Baseline] = _UNREADABLE

    @classmethod
    def of(cls, column: Column, rule: ColumnRule) -> Absent:
        """What contract and rule say of missing values. A contract that lets the value be left out means whatever is
        wrong with it; a profile means text that cannot be read."""
        return cls(
            tuple((re.compile(absent_pattern(m)), code) for m, code in (rule.absent or {}).items()),
            rule.unreadable or column.unreadable,
            _OF_VALUE if column.unreadable else _UNREADABLE,
        )

    def code(self, text: str) -> str | None:
        """The code of the first marker that matches the whole text."""
        return next((code for pattern, code in self.markers if pattern.fullmatch(text)), None)


@dataclass(frozen=True)
class Filled:
    """A canonical column for the rows of a frame. `faults`: row → why its cell is null though there was a text;
    `left_out`: rows whose cell is null for such a reason, and that have a code instead."""

    values: pa.Array
    absent: pa.Array | None
    faults: dict[int, Fault]
    originals: pa.Array
    left_out: frozenset[int] = frozenset()


@dataclass(frozen=True)
class ColumnPlan:
    """How one column is made. `classification` is the strictest of all columns fed by the same source columns."""

    column: Column
    origin: Origin
    absent: Absent
    cleaner: ColumnCleaner
    classification: str

    def fill(self, frame: Frame, done: Mapping[str, pa.Array], dead: Mask) -> Filled:
        """Make the column. `done` holds the columns made before (country, currency); `dead` rows have no cells."""
        cells = self._cells(frame)
        if inherited := frame.faults_of(self.origin.sources):
            cells = replace(cells, faults={**cells.faults, **inherited})
        faults = {row: fault for row, fault in cells.faults.items() if not dead[row]} if dead.any() else cells.faults
        codes, faults = self.absent_codes(cells, faults)
        gone = dead.copy()
        gone[list(faults)] = True
        if codes is not None:
            gone |= pc.is_valid(codes).to_numpy(zero_copy_only=False)
        texts = cells.texts
        if gone.any():
            texts = pc.if_else(pa.array(gone), pa.scalar(None, pa.string()), texts)
        cleaned = self.cleaner.clean(texts, self.context(done))
        problems = {p.index: Fault(p.kind, p.message) for p in cleaned.problems}
        codes, faults, left_out = self._without_unreadable(codes, {**faults, **problems}, len(texts))
        if codes is not None and dead.any():
            codes = pc.if_else(pa.array(dead), pa.scalar(None, pa.string()), codes)
        return Filled(cleaned.values, codes, faults, cells.originals, left_out)

    def _cells(self, frame: Frame) -> Cells:
        """The cells of the origin. A cleaner trims what it must, so a plain column need not be trimmed before it."""
        if isinstance(self.origin, Renamed) and not self.absent.markers:
            cells = frame.raw(self.origin.column)
            return Cells(cells, cells)
        return self.origin.read(frame)

    def absent_codes(self, cells: Cells, faults: dict[int, Fault]) -> tuple[pa.Array | None, dict[int, Fault]]:
        """Absent codes, and the faults that remain: a cell the origin could not use is tested as received."""
        if not self.absent.markers:
            return None, faults
        texts = cells.texts
        if faults:
            rows = np.zeros(len(texts), dtype=np.bool_)
            rows[list(faults)] = True
            texts = pc.if_else(pa.array(rows), pc.utf8_trim_whitespace(cells.originals), texts)
        codes = by_distinct(texts, self.absent.code, pa.string())
        return codes, {row: fault for row, fault in faults.items() if not codes[row].is_valid}

    def _without_unreadable(
        self, codes: pa.Array | None, faults: dict[int, Fault], rows: int
    ) -> tuple[pa.Array | None, dict[int, Fault], frozenset[int]]:
        """Absent codes with those of texts that cannot be read, where there is one for them; the faults that stay; and
        the rows that have such a code."""
        if self.absent.unreadable is None:
            return codes, faults, frozenset()
        found = frozenset(row for row, fault in faults.items() if fault.kind in self.absent.faults)
        if not found:
            return codes, faults, found
        said = codes.to_pylist() if codes is not None else [None] * rows
        for row in found:
            said[row] = self.absent.unreadable
        left = {row: fault for row, fault in faults.items() if row not in found}
        return pa.array(said, pa.string()), left, found

    def context(self, done: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
        """The cleaned country and currency of the row, where the semantic type asks for them and a column has them."""
        found: dict[str, pa.Array] = {}
        country, currency = self.column.country or "", self.column.currency or ""
        if self.cleaner.needs_country and country in done:
            found["country"] = done[country]
        if self.cleaner.needs_currency and currency in done:
            found["currency"] = done[currency]
        return found


def cleaner_of(column: Column, rule: ColumnRule, ref: SourceRef, *, exact: bool = False) -> ColumnCleaner:
    """The cleaner of a column as this client writes it.

    `exact` texts (constants, results of SQL and of `signed`) are plain numbers and ISO dates, whatever the locale.
    """
    plain = exact and column.semantic in _HAVE_PLAIN_FORM
    country = column.country if column.country and re.fullmatch("[A-Z]{2}", column.country) else None
    options = CellOptions(
        locale=_PLAIN_LOCALE if plain else rule.locale or ref.locale,
        time_zone=ref.time_zone,
        formats=tuple(rule.formats or ()),
        century_from=rule.century_from,
        codes=tuple((rule.codes or {}).items()),
        other=rule.other,
        iso_dates=plain or ref.source.format.type in _WITH_ISO_DATES,
        default_country=country,
    )
    return cleaner(column, options)


def terms_cleaner(column: Column, rule: ColumnRule, ref: SourceRef) -> ColumnCleaner:
    """Reads numbers of any size and scale in the locale of a column: terms of a signed amount, control totals."""
    semantic = column.semantic if column.semantic in _NUMBERS[:-1] else "decimal"
    wide = replace(column, physical_type=TERM_TYPE, semantic=semantic, required=False, codes=(), absent_codes=())
    return cleaner(wide, CellOptions(rule.locale or ref.locale, ref.time_zone))


def in_order(contract: Contract, names: Sequence[str]) -> list[str]:
    """The columns so that a country or currency comes before the columns that ask for it."""
    wanted = {w for c in contract.columns for w in (c.country, c.currency) if w}
    return sorted(names, key=lambda n: n not in wanted)


def strictest(classifications: Sequence[str]) -> str:
    """The most sensitive of some classifications."""
    return max(classifications, key=CLASSIFICATIONS.index)


def check_source(ref: SourceRef, contract: Contract) -> None:
    """What a source's column map can be asked without a file: raises DeclarationError.

    Expressions must be accepted by DuckDB; formats, codes and locale by the semantic type of their column.
    """
    for name, made in ref.source.computed.items():
        if made.sql is not None:
            try:
                Expression(made.sql)
            except DeclarationError as error:
                raise _at(error, ref, f"computed {name}") from None
    for column in contract.columns:
        rule = ref.source.columns.get(column.name)
        if rule is None:
            continue
        try:
            exact = rule.value is not None or rule.signed is not None
            if rule.sql is not None:
                exact = not Expression(rule.sql).gives_text
            built = cleaner_of(column, rule, ref, exact=exact)
            if rule.signed is not None:
                terms_cleaner(column, rule, ref)
        except DeclarationError as error:
            raise _at(error, ref, f"column {column.name}") from None
        _check_constant(built, rule, ref, column)


def _check_constant(built: ColumnCleaner, rule: ColumnRule, ref: SourceRef, column: Column) -> None:
    if rule.value is None:
        return
    found = built.clean(pa.array([rule.value], pa.string()))
    if found.problems:
        raise DeclarationError(
            "constant cannot be read",
            where=f"client {ref.client_id}, {ref.feed}/{ref.name}, column {column.name}",
            got=repr(rule.value),
            expected=found.problems[0].message.removeprefix("expected "),
            next_step="correct `value` in the profile: plain numbers (1234.5) and ISO dates, else as the client writes",
        )


def _at(error: DeclarationError, ref: SourceRef, column: str) -> DeclarationError:
    place = f"client {ref.client_id}, {ref.feed}/{ref.name}, {column}"
    return DeclarationError(
        error.what,
        where=f"{place}: {error.where}" if error.where else place,
        got=error.got,
        expected=error.expected,
        next_step=error.next_step,
    )
