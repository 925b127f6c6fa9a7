"""Look-up tables: small files whose columns fill in what a delivery only refers to. Text in, text out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.clean import filters
from pipelines.clean.column import CellOptions, ColumnCleaner
from pipelines.clean.facts import FileInfo
from pipelines.clean.frame import (
    INTERNAL,
    Cells,
    Fault,
    Frame,
    TakenFrame,
    by_distinct,
    empty_texts,
    indices_where,
    joined_key,
)
from pipelines.clean.mapping import Binder, Header
from pipelines.clean.origins import Origin, Surroundings, bind_origin
from pipelines.clean.parts import whole_cells
from pipelines.clean.registry import cleaner
from pipelines.clean.signed import TERM_TYPE
from pipelines.contract import Column
from pipelines.errors import DeclarationError, DeliveryError
from pipelines.profile import ColumnRule, Lookup, idle_word
from pipelines.reject import Baseline

_NUMBER = Column("number", TERM_TYPE, "decimal", False, False, "public", "a term of a signed amount")


@dataclass(frozen=True)
class LookupFile:
    """One file of a look-up table: raw batches (as in raw.arrow), facts of the file, groups of its name."""

    name: str
    batches: Iterable[pa.RecordBatch]
    facts_json: str | None = None
    groups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Part:
    """The rows of one file that belong to the table."""

    header: Header
    frame: Frame
    computed: dict[str, Cells]


@dataclass(frozen=True)
class _Answers:
    """One column by key: the text, and what is wrong with it (ambiguous, or not computable)."""

    texts: pa.Array
    faults: dict[int, Fault]


class LookupTable:
    """A table by key. Rows of one key that agree about a column are one answer; when they differ it is ambiguous."""

    def __init__(self, name: str, declared: Lookup, parts: Sequence[_Part], malformed: int) -> None:
        self.name = name
        self._declared = declared
        self._parts = parts
        self._malformed = malformed
        self._answers: dict[str, _Answers] = {}

    @cached_property
    def _keys(self) -> tuple[pa.Array, npt.NDArray[np.int64]]:
        """(distinct keys, number of the key of every row)."""
        joined = joined_key([self._cells(k).texts for k in self._declared.key])
        encoded = joined.dictionary_encode()
        return encoded.dictionary, encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)

    def __len__(self) -> int:
        return sum(part.frame.rows for part in self._parts)

    def require(self, column: str) -> None:
        """Raise DeliveryError unless every file of the table has that column."""
        self._cells(column)

    def _cells(self, column: str) -> Cells:
        """A column over all files: a computed one, else one of the files."""
        found: list[Cells] = []
        for part in self._parts:
            if column in part.computed:
                found.append(part.computed[column])
                continue
            binder = Binder(part.header)
            name = binder.one([column], f"look-up table {self.name}")
            binder.finish()
            found.append(Cells(part.frame.cell(name), part.frame.raw(name)))
        return _stacked(found)

    def _by_key(self, column: str) -> _Answers:
        if column in self._answers:
            return self._answers[column]
        cells = self._cells(column)
        keys, number = self._keys
        first = np.full(len(keys), -1, dtype=np.int64)
        first[number[::-1]] = np.arange(len(number))[::-1]
        texts = cells.texts.take(pa.array(first))
        faults = {int(number[row]): fault for row, fault in cells.faults.items()}
        told = _told(cells)
        encoded = told.dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)
        different = int(encoded.max(initial=0)) + 1
        answers_of_key = np.unique(number * different + encoded) // different
        several = np.flatnonzero(np.bincount(answers_of_key, minlength=len(keys)) > 1)
        message = f"look-up table {self.name} has several answers for this key in column {column}"
        for key, text in zip(several.tolist(), keys.take(pa.array(several)).to_pylist(), strict=True):
            faults[key] = Fault(Baseline.LOOKUP_AMBIGUOUS, message, self.name, text)
        self._answers[column] = _Answers(texts, faults)
        return self._answers[column]

    def answer(self, column: str, keys: Sequence[pa.Array], optional: bool) -> Cells:
        """The texts of a column for some keys; a key the table lacks, or answers doubtfully, is a fault.

        A key all of whose cells are empty never matches; with `optional` it gives an empty text. The original is the
        table's text, and where there is none the key.
        """
        answers = self._by_key(column)
        wanted = joined_key(keys)
        number = pc.index_in(wanted, value_set=self._keys[0])
        empty = _all_empty(keys)
        number = pc.if_else(empty, pa.scalar(None, pa.int32()), number)
        texts = pc.fill_null(answers.texts.take(number), "")
        missing = pc.and_not(pc.is_null(number), empty) if optional else pc.is_null(number)
        faults = dict.fromkeys(indices_where(missing), self._missing)
        if answers.faults:
            doubtful = pc.is_in(number, value_set=pa.array(list(answers.faults), pa.int32()))
            for row in indices_where(doubtful):
                faults[row] = answers.faults[number[row].as_py()]
        shown = keys[0] if len(keys) == 1 else pc.binary_join_element_wise(*keys, " | ")
        failed = np.zeros(len(wanted), dtype=np.bool_)
        failed[list(faults)] = True
        return Cells(texts, pc.if_else(pa.array(failed), shown, texts), faults)

    @cached_property
    def _missing(self) -> Fault:
        bad = f" ({self._malformed} of its records are malformed)" if self._malformed else ""
        return Fault(
            Baseline.LOOKUP_MISSING,
            f"expected a {', '.join(self._declared.key)} that look-up table {self.name} has{bad}",
        )


def build(
    lookups: Mapping[str, Lookup], files: Mapping[str, Sequence[LookupFile]], locale: str, time_zone: str = "UTC"
) -> dict[str, LookupTable]:
    """Build every table, those that others use first. `locale` reads the numbers of `signed` columns."""
    built: dict[str, LookupTable] = {}

    def table(name: str) -> LookupTable:
        if name not in built:
            declared = lookups[name]
            check_lookup(name, declared)
            others = {r.lookup.table: table(r.lookup.table) for r in declared.columns.values() if r.lookup}
            built[name] = _table(name, declared, files.get(name, ()), others, CellOptions(locale, time_zone))
        return built[name]

    for name in lookups:
        table(name)
    return built


def check_lookup(name: str, declared: Lookup) -> None:
    """Refuse words that do nothing in a look-up table, whose columns are text."""
    for column, rule in declared.columns.items():
        if idle := idle_word(rule):
            raise DeclarationError(
                f"{idle} has no effect in a look-up table",
                where=f"lookups.{name}.columns.{column}",
                got=idle,
                expected="an origin, codes and other: the columns of a look-up table are text",
                next_step=f"say {idle} at the column of the feed that uses the look-up",
            )


def _table(
    name: str, declared: Lookup, files: Sequence[LookupFile], others: Mapping[str, LookupTable], options: CellOptions
) -> LookupTable:
    parts: list[_Part] = []
    malformed = 0
    for file in files:
        batches = list(file.batches)
        if not batches:
            raise _no_rows(name, file.name)
        whole = pa.Table.from_batches(batches).combine_chunks()
        bad = pc.is_valid(whole["__problem"]) if "__problem" in whole.schema.names else None
        if bad is not None:
            malformed += pc.sum(bad).as_py() or 0
            whole = whole.filter(pc.invert(bad)).combine_chunks()
        parts.append(_part(name, declared, file, whole, others, options))
    if not parts:
        raise DeliveryError(
            f"look-up file missing: {name}",
            got="no file",
            expected=f"a file that matches {declared.files}",
            next_step="ask the client for the file, or correct `files` of the look-up table in the profile",
        )
    built = LookupTable(name, declared, parts, malformed)
    for key in declared.key:
        built.require(key)
    return built


def _part(
    name: str,
    declared: Lookup,
    file: LookupFile,
    whole: pa.Table,
    others: Mapping[str, LookupTable],
    options: CellOptions,
) -> _Part:
    names = [n for n in whole.schema.names if n not in INTERNAL]
    header = Header(names, f"look-up file {file.name}")
    binder = Binder(header)
    tests = filters.bind(declared.rows, binder, f"rows of look-up table {name}")
    info = FileInfo.from_json(file.facts_json) if file.facts_json else FileInfo()
    origins: dict[str, tuple[ColumnRule, Origin]] = {}
    addresses = whole_cells(declared.columns.values())
    for column, rule in declared.columns.items():
        terms, locale = number_terms(rule, options), rule.locale or options.locale
        around = Surroundings(others, info, file.groups, terms, locale, whole=addresses)
        origins[column] = (rule, bind_origin(f"{name}.{column}", rule, binder, around))
    binder.finish()
    frame: Frame = Frame({n: _one_array(whole[n]) for n in names}, whole.num_rows, _numbers(whole))
    if tests:
        kept = np.flatnonzero(filters.first_failing(tests, frame) == 0)
        frame = TakenFrame(frame, pa.array(kept), {})
    computed = {column: coded(rule, origin.read(frame)) for column, (rule, origin) in origins.items()}
    return _Part(header, frame, computed)


def _numbers(whole: pa.Table) -> pa.Array | None:
    name = INTERNAL[0]
    return _one_array(whole[name]) if name in whole.schema.names else None


def number_terms(rule: ColumnRule, options: CellOptions) -> Callable[[], ColumnCleaner]:
    """Reads the terms of a `signed` text column."""
    return lambda: cleaner(_NUMBER, CellOptions(rule.locale or options.locale, options.time_zone))


def coded(rule: ColumnRule, cells: Cells) -> Cells:
    """The code map of a text column: unknown texts become `other`, or a fault of whoever uses the row."""
    codes = rule.codes
    if codes is None:
        return cells
    mapped = by_distinct(cells.texts, lambda t: codes.get(t, rule.other if t else ""), pa.string())
    fault = Fault(Baseline.UNKNOWN_CODE, f"expected one of {', '.join(list(codes)[:8])}")
    faults = dict.fromkeys(indices_where(pc.is_null(mapped)), fault)
    return Cells(pc.fill_null(mapped, ""), cells.originals, {**faults, **cells.faults})


def _stacked(parts: Sequence[Cells]) -> Cells:
    if len(parts) == 1:
        return parts[0]
    faults: dict[int, Fault] = {}
    start = 0
    for part in parts:
        faults.update({start + row: fault for row, fault in part.faults.items()})
        start += len(part.texts)
    return Cells(pa.concat_arrays([p.texts for p in parts]), pa.concat_arrays([p.originals for p in parts]), faults)


def _told(cells: Cells) -> pa.Array:
    """Texts in which a faulty cell differs from every readable one."""
    if not cells.faults:
        return cells.texts
    texts = cells.texts.to_pylist()
    for row, fault in cells.faults.items():
        texts[row] = f"\0{fault.message}"
    return pa.array(texts, pa.string())


def _all_empty(keys: Sequence[pa.Array]) -> pa.Array:
    answer = pc.equal(keys[0], "")
    for key in keys[1:]:
        answer = pc.and_(answer, pc.equal(key, ""))
    return answer


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    if column.num_chunks == 0:
        return empty_texts(0)
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)


def _no_rows(name: str, file: str) -> DeliveryError:
    return DeliveryError(
        f"look-up file is empty: {name}",
        where=file,
        got="no record",
        expected="at least one record",
        next_step="ask the client for the complete file",
    )
