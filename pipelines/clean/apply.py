"""Applies a contract to a chunk: raw text rows in, typed rows and their problems out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.clean.compiling import NO_PARTS, UNCLAIMED, Columns, RowFilters, bind_columns, bind_filters
from pipelines.clean.computed import Computed
from pipelines.clean.explain import Change, explain
from pipelines.clean.facts import FileInfo
from pipelines.clean.filters import Mask, first_failing, first_holding
from pipelines.clean.frame import Fault, Frame
from pipelines.clean.mapping import Binder, Header
from pipelines.clean.occurrence import Occurrences
from pipelines.clean.origins import SheetName, Table
from pipelines.clean.plan import Filled
from pipelines.clean.unpivot import Parts, Unpivoter
from pipelines.contract import Contract
from pipelines.errors import DeclarationError
from pipelines.profile import SourceRef, Unpivot
from pipelines.reject import NOT_CHANGED, PROBLEM_SCHEMA, Baseline, baseline_rule, mask
from pipelines.rowhash import row_hashes

SKIPPED, MALFORMED = "skipped", "malformed"
CLEAN_FIELDS: tuple[tuple[str, pa.DataType], ...] = (
    ("_row_number", pa.int64()),
    ("_row_part", pa.int32()),
    ("_fate", pa.string()),
    ("_skip_reason", pa.string()),
    ("_row_hash", pa.string()),
)
_KEY_FAULT = Fault(Baseline.UNREADABLE, "expected a readable value in every column that the key is made of")

Reasons = npt.NDArray[np.int16]
"""Per row the number of its skip reason, 0 = not skipped."""


def clean_schema(contract: Contract) -> pa.Schema:
    """Schema of clean.arrow."""
    return pa.schema([*(pa.field(n, t) for n, t in CLEAN_FIELDS), *contract.arrow_schema])


@dataclass(frozen=True)
class Cleaned:
    """One chunk. `unclaimed`: row numbers of records nobody takes; `unreadable`: problem cells by column;
    `ambiguous`: (look-up table, masked key) → rows that used it."""

    table: pa.RecordBatch
    problems: pa.RecordBatch
    unclaimed: list[int]
    unreadable: Counter[str]
    ambiguous: Counter[tuple[str, str | None]]


@dataclass(frozen=True)
class _Rows:
    """Rows before their columns are made."""

    frame: Frame
    number: pa.Array
    part: pa.Array
    reason: Reasons
    malformed: Mask
    doubts: Mapping[int, Fault]
    """Rows that no filter could judge."""

    @property
    def accepted(self) -> Mask:
        """Rows that are neither skipped nor malformed."""
        accepted: Mask = (self.reason == 0) & ~self.malformed
        return accepted


@dataclass
class Plan:
    """The column map of one source, bound to the columns of one file. Chunks must come in the order of the file."""

    ref: SourceRef
    contract: Contract
    columns: Columns
    filters: RowFilters
    computed: Computed
    unpivot: Unpivoter | None
    ignored: list[str]
    left_out: frozenset[int] = frozenset()
    """Row numbers of a correction's records that nobody changed."""
    given_keys: dict[tuple[int, int], str] = field(default_factory=dict)
    """Occurrence keys that rows had before they were corrected, by row number and part."""
    _occurrences: Occurrences = field(default_factory=Occurrences)

    @classmethod
    def compile(
        cls,
        ref: SourceRef,
        contract: Contract,
        siblings: Sequence[SourceRef],
        header: Sequence[str],
        lookups: Mapping[str, Table],
        info: FileInfo,
        groups: Mapping[str, str] | None = None,
        passed_over: Collection[str] = (),
    ) -> Plan:
        """Bind the profile to the file; DeliveryError when a column is missing, double or not declared.

        `siblings` are the client's other sources that match this very file; `groups` the named groups of its name;
        `passed_over` columns that need not be declared: whether they may be there is judged elsewhere.
        """
        source = ref.source
        _check_unpivot(source.unpivot, header, ref)
        binder = Binder(Header(header))
        computed = Computed.bind(ref, binder, lookups, info, groups or {})
        for name in source.made:
            binder.add(name)
        filters = bind_filters(ref, siblings, binder)
        unpivot = Unpivoter.bind(source.unpivot, binder) if source.unpivot else None
        columns = bind_columns(ref, contract, binder, lookups, info, groups or {}, computed)
        binder.finish([*source.ignore, *passed_over])
        ignored = [c for c in binder.header.ignored(source.ignore) if c not in binder.used]
        return cls(ref, contract, columns, filters, computed, unpivot, ignored)

    @property
    def sources(self) -> dict[str, list[str]]:
        """Canonical column → source columns it is read from."""
        found = {p.column.name: list(self.computed.read_from(p.origin.sources)) for p in self.columns.plans}
        return {name: sources for name, sources in found.items() if sources}

    @property
    def unmapped(self) -> list[str]:
        """Columns of the contract that this source leaves empty."""
        filled = {p.column.name for p in self.columns.plans}
        if self.ref.source.occurrence:
            filled.add(self.contract.counted_key)
        return [c.name for c in self.contract.columns if c.name not in filled]

    @property
    def row_by_row(self) -> bool:
        """Whether a record makes one row, and its cells alone decide what is in it: not its number, not other rows."""
        source = self.ref.source
        by_number = self.computed.by_number or any(isinstance(p.origin, SheetName) for p in self.columns.plans)
        return not (source.unpivot or source.occurrence or self.left_out or by_number)

    def explain(self, raw_row: Mapping[str, str], part: int = 0) -> list[Change]:
        """Every change made to each cell of one record (of one part of it, when it is unpivoted)."""
        return explain(self, raw_row, part)

    def chunk(self, raw: pa.RecordBatch) -> Cleaned:
        """Clean one raw batch."""
        return self.begin(raw)()

    def begin(self, raw: pa.RecordBatch) -> Callable[[], Cleaned]:
        """Read the cells of a raw batch. What is returned does the rest (hashes, problems) and may do so in another
        thread: it needs and changes nothing that the next batch does."""
        malformed = pc.is_valid(raw.column("__problem")).to_numpy(zero_copy_only=False)
        rows, unclaimed = self._rows(raw, malformed)
        filled = self.fill(rows.frame, rows.malformed)
        values: dict[str, pa.Array] = {}
        for name, column in filled.items():
            values[name] = column.values
            if column.absent is not None:
                values[f"{name}_absent_code"] = column.absent
        faults = {name: column.faults for name, column in filled.items() if column.faults}
        if rows.doubts:
            beside = self.columns.beside_key
            faults[beside] = {**rows.doubts, **faults.get(beside, {})}
        if self.ref.source.occurrence:
            key = self.contract.counted_key
            values[key], faults[key] = self._occurrence_keys(rows, values, faults)
        return partial(self._finish, raw, rows, values, filled, faults, unclaimed)

    def _finish(
        self,
        raw: pa.RecordBatch,
        rows: _Rows,
        values: Mapping[str, pa.Array],
        filled: Mapping[str, Filled],
        faults: Mapping[str, dict[int, Fault]],
        unclaimed: Mask,
    ) -> Cleaned:
        table = self._table(raw, rows, values)
        problems, unreadable, ambiguous = self._problems(raw, rows, filled, faults)
        numbers = raw.column("__row_number").filter(pa.array(unclaimed)).to_pylist()
        return Cleaned(table, problems, numbers, unreadable, ambiguous)

    def fill(self, frame: Frame, malformed: Mask) -> dict[str, Filled]:
        """Make every mapped column, countries and currencies first."""
        filled: dict[str, Filled] = {}
        done: dict[str, pa.Array] = {}
        for plan in self.columns.plans:
            column = plan.fill(frame, done, malformed)
            filled[plan.column.name] = column
            done[plan.column.name] = column.values
        return filled

    def _rows(self, raw: pa.RecordBatch, malformed: Mask) -> tuple[_Rows, Mask]:
        """Filter the records, make rows of them, filter those. Also which records are claimed by nobody."""
        records = self.computed.apply(Frame.of_batch(raw))
        reason = self._record_reasons(records, malformed)
        unclaimed = reason == self.filters.number(UNCLAIMED)
        doubts = self.filters.faults(records)
        if self.unpivot is None:
            part = pa.repeat(pa.scalar(0, pa.int32()), raw.num_rows)
            return _Rows(records, raw.column("__row_number"), part, reason, malformed, doubts), unclaimed
        parts: Parts = self.unpivot.apply(records, malformed | (reason != 0))
        at = pa.array(parts.record)
        row_reason = reason[parts.record]
        row_reason[parts.without_parts] = self.filters.number(NO_PARTS)
        failing = first_failing(self.filters.parts, parts.frame)
        live = (failing > 0) & (row_reason == 0) & ~malformed[parts.record]
        row_reason[live] = failing[live] + self.filters.parts_from
        number = raw.column("__row_number").take(at)
        dead = malformed[parts.record]
        doubts = {row: doubts[of] for row, of in enumerate(parts.record.tolist()) if of in doubts} if doubts else {}
        return _Rows(parts.frame, number, pa.array(parts.part), row_reason, dead, doubts), unclaimed

    def _record_reasons(self, records: Frame, malformed: Mask) -> Reasons:
        """Why records are skipped: a skip filter, not a row of this feed, or claimed by nobody."""
        reason = np.zeros(records.rows, np.int16)
        failing = first_failing(self.filters.own, records)
        foreign = failing > 0
        reason[foreign] = failing[foreign] + self.filters.own_from
        if self.filters.own and foreign.any():
            claimed = np.zeros(records.rows, np.bool_)
            for sibling in self.filters.siblings:
                claimed |= first_failing(sibling, records) == 0
            reason[foreign & ~claimed] = self.filters.number(UNCLAIMED)
        nobodys = first_holding(self.filters.skip, records)
        reason[nobodys > 0] = nobodys[nobodys > 0] + self.filters.skip_from
        if self.left_out:
            untouched = pc.is_in(records.numbers, pa.array(sorted(self.left_out), pa.int64()))
            reason[untouched.to_numpy(zero_copy_only=False)] = self.filters.number(NOT_CHANGED)
        reason[malformed] = 0
        return reason

    def _occurrence_keys(
        self, rows: _Rows, values: Mapping[str, pa.Array], faults: Mapping[str, dict[int, Fault]]
    ) -> tuple[pa.Array, dict[int, Fault]]:
        """Keys of accepted rows; a row with an unreadable part of its key has none, and says so."""
        names = self.ref.source.occurrence
        unreadable = {row for name in names for row in faults.get(name, ())}
        without = ~rows.accepted
        without[list(unreadable)] = True
        keys = self._occurrences.keys({n: values[n] for n in names}, without)
        if self.given_keys:
            keys = self._kept_keys(rows, keys)
        return keys, dict.fromkeys(sorted(unreadable), _KEY_FAULT)

    def _kept_keys(self, rows: _Rows, keys: pa.Array) -> pa.Array:
        """A row whose values are those it was numbered by keeps its number."""
        out: list[str | None] = []
        for address in zip(rows.number.to_pylist(), rows.part.to_pylist(), keys.to_pylist(), strict=True):
            number, part, key = address
            before = self.given_keys.get((number, part))
            same = before and key and before.rpartition("-")[0] == key.rpartition("-")[0]
            out.append(before if same else key)
        return pa.array(out, pa.string())

    def keep_keys(self, before: Iterable[pa.RecordBatch], given: Mapping[tuple[int, int], str], rows: set[int]) -> None:
        """For a correction: number the original's records first, so that no row gets the key of another one.

        `given`: keys that earlier corrections gave; `rows`: row numbers of the records that are corrected.
        """
        if not self.ref.source.occurrence:
            return
        wanted = pa.array(sorted(rows), pa.int64())
        for raw in before:
            table = self.chunk(raw).table
            some = table.filter(pc.is_in(table.column("_row_number"), wanted))
            columns = [some.column(n).to_pylist() for n in ("_row_number", "_row_part", self.contract.counted_key)]
            self.given_keys.update({(n, p): key for n, p, key in zip(*columns, strict=True) if key})
        self.given_keys.update(given)
        self._occurrences.count(given.values())

    def _table(self, raw: pa.RecordBatch, rows: _Rows, values: Mapping[str, pa.Array]) -> pa.RecordBatch:
        count = rows.frame.rows
        raw_texts = raw.column("__raw").filter(pc.is_valid(raw.column("__problem"))).to_pylist()
        malformed = dict(zip(np.flatnonzero(rows.malformed).tolist(), raw_texts, strict=True))
        fate = np.where(rows.malformed, 2, np.where(rows.reason > 0, 1, 0))
        given = [
            rows.number,
            rows.part,
            pa.array([None, SKIPPED, MALFORMED], pa.string()).take(pa.array(fate)),
            pa.array(self.filters.reasons, pa.string()).take(pa.array(np.where(rows.malformed, 0, rows.reason))),
            row_hashes(values, {row: text or "" for row, text in malformed.items()}),
        ]
        schema = self.contract.arrow_schema
        business = [values[f.name] if f.name in values else pa.nulls(count, f.type) for f in schema]
        return pa.RecordBatch.from_arrays([*given, *business], schema=clean_schema(self.contract))

    def _problems(
        self, raw: pa.RecordBatch, rows: _Rows, filled: Mapping[str, Filled], faults: Mapping[str, dict[int, Fault]]
    ) -> tuple[pa.RecordBatch, Counter[str], Counter[tuple[str, str | None]]]:
        """Problems of accepted rows by column, and one per malformed record."""
        feed, accepted = self.contract.feed, rows.accepted
        found = _ProblemList()
        texts = raw.column("__problem").drop_null().to_pylist()
        for row, text in zip(np.flatnonzero(rows.malformed).tolist(), texts, strict=True):
            found.add(row, baseline_rule(feed, Baseline.MALFORMED), None, None, text)
        unreadable: Counter[str] = Counter()
        ambiguous: Counter[tuple[str, str | None]] = Counter()
        for name, of_column in faults.items():
            at = [row for row in of_column if accepted[row]]
            if not at:
                continue
            unreadable[name] = len(at)
            classification = self.columns.classification(name)
            originals = filled[name].originals.take(pa.array(at)).to_pylist() if name in filled else [None] * len(at)
            for row, original in zip(at, originals, strict=True):
                fault = of_column[row]
                value = mask(original, classification)
                found.add(row, baseline_rule(feed, fault.kind, name), name, value, fault.message)
                if fault.table is not None:
                    ambiguous[fault.table, mask(fault.key, classification)] += 1
        for column in self.contract.money:  # amounts are accounted for, also those of which no number is known
            left_out = filled[column.name].left_out if column.name in filled else ()
            if cells := sum(bool(accepted[row]) for row in left_out):
                unreadable[column.name] += cells
        return found.batch(rows.number, rows.part), unreadable, ambiguous


class _ProblemList:
    """Problems as columns."""

    def __init__(self) -> None:
        self._rows: list[int] = []
        self._cells: list[tuple[str, str | None, str | None, str]] = []

    def add(self, row: int, rule_id: str, column: str | None, value: str | None, message: str) -> None:
        """One more."""
        self._rows.append(row)
        self._cells.append((rule_id, column, value, message))

    def batch(self, number: pa.Array, part: pa.Array) -> pa.RecordBatch:
        """Ordered by row."""
        order = sorted(range(len(self._rows)), key=self._rows.__getitem__)
        at = pa.array([self._rows[i] for i in order], pa.int64())
        cells = [pa.array([self._cells[i][n] for i in order], pa.string()) for n in range(4)]
        return pa.RecordBatch.from_arrays([number.take(at), part.take(at), *cells], schema=PROBLEM_SCHEMA)


def _check_unpivot(rule: Unpivot | None, header: Sequence[str], ref: SourceRef) -> None:
    taken = [n for n in (rule.name, rule.value) if Header(header).match(n)] if rule else []
    if taken:
        raise DeclarationError(
            "unpivot makes a column that the file has",
            where=f"client {ref.client_id}, {ref.feed}/{ref.name}, unpivot",
            got=repr(taken[0]),
            expected="a name that no column of the file has",
            next_step="choose another name for it in the client's profile",
        )
