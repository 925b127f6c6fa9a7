"""One chunk through the gate: problems of cleaning, required values, row rules → each row's fate, and the reasons.

Needs no database, so that `try` can gate a file in memory.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contract import Column, Contract
from pipelines.errors import GateError
from pipelines.reject import NOT_PLAUSIBLE, PROBLEM_SCHEMA, Baseline, Severity, baseline_rule
from pipelines.rowhash import row_hashes
from pipelines.rulebook import derived_message
from pipelines.validate.files import packed
from pipelines.validate.gate import SAMPLES
from pipelines.validate.row_rules import Positions, RowRules
from pipelines.validate.suites import Rule
from pipelines.validate.texts import masked_texts, samples

LEFT_OUT_SCHEMA = pa.schema(
    [
        ("row_number", pa.int64()),
        ("row_part", pa.int32()),
        ("rule_id", pa.string()),
        ("column_name", pa.string()),
        ("row_hash", pa.string()),
    ]
)
"""Cells without which rows of a chunk are taken, and by which rule."""
REJECT_SCHEMA = pa.schema([*PROBLEM_SCHEMA, pa.field("severity", pa.string())])
"""Why rows of a chunk are set aside, one line per reason."""

Mask = npt.NDArray[np.bool_]


@dataclass
class Found:
    """What a rule derived from the contract came to so far: rows that failed, CPU seconds it took."""

    column: str | None
    failed: int = 0
    samples: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True)
class Judged:
    """A chunk with its verdict: the `rows` without the values that rules leave out, their `fates` ('rejected',
    'skipped' or null) and the reasons; and what was left out of rows that are not rejected."""

    rows: pa.RecordBatch
    fates: pa.Array
    rejects: pa.RecordBatch
    left_out: pa.Table


class ChunkGate:
    """Judges the chunks of one delivery and keeps the tallies.

    `received` rows came so far, `judged` of them are neither skipped nor malformed. `found`: rule id → tally of the
    rules derived from the contract. `left_out`: column → cells that cleaning left out as the contract says, `given`:
    column → those and the ones that were read.
    """

    def __init__(self, contract: Contract, rules: Sequence[Rule]) -> None:
        self.rules = RowRules(contract, rules)
        self.contract = contract
        self.received = 0
        self.skipped = 0
        self.judged = 0
        self.left_out: Counter[str] = Counter()
        self.given: Counter[str] = Counter()
        self.found: dict[str, Found] = {baseline_rule(contract.feed, Baseline.MALFORMED): Found(None)}
        for columns in contract.needed:
            name = columns[0].name
            self.found[baseline_rule(contract.feed, Baseline.REQUIRED, name)] = Found(name)

    def judge(self, clean: pa.RecordBatch, problems: pa.RecordBatch) -> Judged:
        """Fates and reasons of one cleaned chunk."""
        skipped, malformed = _fates(clean)
        live = ~(skipped | malformed)
        self.received += clean.num_rows
        self.skipped += int(skipped.sum())
        self.judged += int(live.sum())
        problems, at = _located(clean, problems, skipped)
        lines = [_with_severity(problems)]
        self._count_problems(problems)
        rejected = malformed.copy()
        rejected[at] = True
        lines += self._missing(clean, problems, at, live, rejected)
        of_rules, implausible = self._rules(clean, live, rejected)
        lines += of_rules
        self._count_left_out(clean, live)
        rows = without(clean, implausible, self.contract)
        fates = pc.if_else(pa.array(skipped), pa.scalar("skipped"), pa.scalar(None, pa.string()))
        return Judged(
            rows,
            pc.if_else(pa.array(rejected), pa.scalar("rejected"), fates),
            pa.Table.from_batches(lines).combine_chunks().to_batches()[0] if any(b.num_rows for b in lines) else _NONE,
            self._left_out(rows, live & ~rejected, implausible),
        )

    def _count_problems(self, problems: pa.RecordBatch) -> None:
        """Distinct rows per rule: two unreadable cells of one column in one row are one failing row."""
        if not problems.num_rows:
            return
        rules = problems.column("rule_id").dictionary_encode()
        codes, first, last = _rows_of_rules(np.asarray(rules.indices), packed(problems, "row_number", "row_part"))
        for code, rule_id in enumerate(rules.dictionary.to_pylist()):
            started = time.thread_time()
            of_rule = codes == code
            at = np.argmax(of_rule)
            column = problems.column("column_name")[int(first[at])].as_py()
            found = self.found.setdefault(rule_id, Found(column))
            found.failed += int(of_rule.sum())
            if room := SAMPLES - len(found.samples):
                shown = last[of_rule][np.argsort(first[of_rule], kind="stable")[:room]]
                found.samples += [
                    {"row_number": line["row_number"], "row_part": line["row_part"],
                     "values": {line["column_name"] or "record": line["value"]}}
                    for line in problems.take(pa.array(shown)).to_pylist()
                ]  # fmt: skip
            found.seconds += time.thread_time() - started

    def _missing(
        self, clean: pa.RecordBatch, problems: pa.RecordBatch, at: Positions, live: Mask, rejected: Mask
    ) -> list[pa.RecordBatch]:
        """Required values: a value or an absent code satisfies; an unreadable cell has been reported already."""
        out = []
        for columns in self.contract.needed:
            started = time.thread_time()
            names = [c.name for c in columns]
            rule_id = baseline_rule(self.contract.feed, Baseline.REQUIRED, names[0])
            found = self.found[rule_id]
            where = _gaps(clean, columns, live, problems, at)
            if len(where):
                rejected[where] = True
                found.failed += len(where)
                found.samples += samples(self.contract, clean, names, where[: SAMPLES - len(found.samples)])
                out.append(
                    _reasons(
                        clean, where, rule_id, names[0], None, derived_message(Baseline.REQUIRED, " / ".join(names))
                    )
                )
            found.seconds += time.thread_time() - started
        return out

    def _left_out(self, rows: pa.RecordBatch, taken: Mask, implausible: Sequence[tuple[Rule, Mask]]) -> pa.Table:
        found = [(rule.id, str(rule.column_name), mask & taken) for rule, mask in implausible]
        for column in self.contract.columns:
            if column.unreadable and column.absent_column:
                codes = rows.column(column.absent_column)
                if codes.null_count < len(codes):
                    mask = np.asarray(pc.fill_null(pc.equal(codes, column.unreadable), False)) & taken
                    rule_id = baseline_rule(self.contract.feed, Baseline.UNREADABLE, column.name)
                    found.append((rule_id, column.name, mask))
        lines = [LEFT_OUT_SCHEMA.empty_table()]
        for rule_id, name, mask in found:
            some, n = rows.filter(pa.array(mask)), int(mask.sum())
            numbers = [some.column("_row_number").cast(pa.int64()), some.column("_row_part").cast(pa.int32())]
            told = [pa.repeat(pa.scalar(text), n) for text in (rule_id, name)]
            hashes = some.column("_row_hash").cast(pa.string())
            lines.append(pa.Table.from_arrays([*numbers, *told, hashes], schema=LEFT_OUT_SCHEMA))
        return pa.concat_tables(lines)

    def _count_left_out(self, clean: pa.RecordBatch, live: Mask) -> None:
        for column in self.contract.columns:
            if column.unreadable and column.absent_column:
                without = pc.fill_null(pc.equal(clean.column(column.absent_column), column.unreadable), False)
                left_out = int((np.asarray(without) & live).sum())
                self.left_out[column.name] += left_out
                self.given[column.name] += left_out + int((~_is_null(clean, column.name) & live).sum())

    def _rules(
        self, clean: pa.RecordBatch, live: Mask, rejected: Mask
    ) -> tuple[list[pa.RecordBatch], list[tuple[Rule, Mask]]]:
        """The suite's row rules on the rows that are rows: neither skipped nor malformed. Also those that
        leave out the value alone, and where."""
        out = []
        implausible: list[tuple[Rule, Mask]] = []
        places = np.zeros(0, np.int64) if live.all() else np.flatnonzero(live)
        rows = clean if live.all() else clean.take(pa.array(places))
        for failing in self.rules.check(rows):
            rule = failing.rule
            where = failing.positions if rows is clean else places[failing.positions]
            if rule.leaves_out and rule.column_name:
                mask = np.zeros(clean.num_rows, np.bool_)
                mask[where] = True
                implausible.append((rule, mask))
            if not rule.rejects:
                continue
            started = time.thread_time()
            rejected[where] = True
            name = rule.column_name
            values = masked_texts(self.contract, clean, name, where) if name else None
            out.append(_reasons(clean, where, rule.id, name, values, rule.message))
            self.rules.tallies[rule.id].seconds += time.thread_time() - started
        return out, implausible


def without(clean: pa.RecordBatch, implausible: Sequence[tuple[Rule, Mask]], contract: Contract) -> pa.RecordBatch:
    """The rows without values that cannot be so: null and a code that says it, and the hash of what is left."""
    if not implausible:
        return clean
    for rule, mask in implausible:
        column, at = contract.column(str(rule.column_name)), pa.array(mask)
        for changed, value in ((column.name, None), (str(column.absent_column), NOT_PLAUSIBLE)):
            place = clean.schema.get_field_index(changed)
            field = clean.schema.field(place)
            left = pc.if_else(at, pa.scalar(value, field.type), clean.column(place))
            clean = clean.set_column(place, field, left)
    anywhere = np.logical_or.reduce([mask for _, mask in implausible])
    some = clean.filter(pa.array(anywhere))
    hashes = row_hashes({name: some.column(name) for name, _ in contract.stored}, {})
    place = clean.schema.get_field_index("_row_hash")
    changed = pc.replace_with_mask(clean.column(place), pa.array(anywhere), hashes)
    return clean.set_column(place, clean.schema.field(place), changed)


def _rows_of_rules(
    codes: npt.NDArray[np.int32], rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int32], Positions, Positions]:
    """Lines of one rule about one row together: the rule, the first and the last such line."""
    order = np.lexsort((rows, codes))  # stable: lines of a group stay in their order
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(codes[order]) != 0) | (np.diff(rows[order]) != 0)
    starts = np.flatnonzero(new)
    first, last = order[starts], order[np.append(starts[1:], len(order)) - 1]
    return codes[first], first, last


def _fates(clean: pa.RecordBatch) -> tuple[Mask, Mask]:
    fate = clean.column("_fate")
    if fate.null_count == len(fate):
        return np.zeros(len(fate), dtype=bool), np.zeros(len(fate), dtype=bool)
    skipped = np.asarray(pc.fill_null(pc.equal(fate, "skipped"), False))
    malformed = np.asarray(pc.fill_null(pc.equal(fate, "malformed"), False))
    if int((skipped | malformed).sum()) != len(fate) - fate.null_count:
        raise GateError("unknown fate in the cleaned rows", next_step="clean the delivery again with this version")
    return skipped, malformed


def _is_null(batch: pa.RecordBatch, name: str) -> Mask:
    return np.asarray(batch.column(name).is_null())


def _located(
    clean: pa.RecordBatch, problems: pa.RecordBatch, skipped: Mask
) -> tuple[pa.RecordBatch, npt.NDArray[np.int64]]:
    """Problems of rows that were not skipped, and where in the chunk their rows are."""
    if not problems.num_rows:
        return problems, np.zeros(0, np.int64)
    keys, wanted = packed(clean), packed(problems, "row_number", "row_part")
    order = np.argsort(keys, kind="stable")
    place = np.searchsorted(keys, wanted, sorter=order)
    at = order[np.minimum(place, len(order) - 1)] if len(order) else np.zeros(0, np.int64)
    if not len(order) or (keys[at] != wanted).any():
        raise GateError(
            "cleaning reported a problem of a row that is not in its chunk",
            next_step="clean the delivery again",
        )
    keep = ~skipped[at]
    return problems.filter(pa.array(keep)), at[keep]


def _gaps(
    clean: pa.RecordBatch, columns: Sequence[Column], live: Mask, problems: pa.RecordBatch, at: Positions
) -> Positions:
    """Rows without any of the values, without a code for its absence, and without a problem that reported its cell."""
    if not all(clean.column(c.name).null_count for c in columns):
        return np.zeros(0, np.int64)
    gap = live.copy()
    for column in columns:
        gap &= _is_null(clean, column.name)
        if column.absent_column:
            gap &= _is_null(clean, column.absent_column)
        reported = pc.fill_null(pc.equal(problems.column("column_name"), column.name), False)
        gap[at[np.asarray(reported)]] = False
    return np.flatnonzero(gap)


def _with_severity(problems: pa.RecordBatch) -> pa.RecordBatch:
    severity = pa.repeat(pa.scalar(Severity.CRITICAL.value), problems.num_rows)
    return pa.RecordBatch.from_arrays([*problems.columns, severity], schema=REJECT_SCHEMA)


def _reasons(
    clean: pa.RecordBatch, where: Positions, rule_id: str, column: str | None, values: pa.Array | None, message: str
) -> pa.RecordBatch:
    """One line per row for one rule."""
    at, n = pa.array(where), len(where)
    return pa.RecordBatch.from_arrays(
        [
            clean.column("_row_number").take(at).cast(pa.int64()),
            clean.column("_row_part").take(at).cast(pa.int32()),
            pa.repeat(pa.scalar(rule_id), n),
            pa.repeat(pa.scalar(column, pa.string()), n),
            pa.nulls(n, pa.string()) if values is None else values,
            pa.repeat(pa.scalar(message), n),
            pa.repeat(pa.scalar(Severity.CRITICAL.value), n),
        ],
        schema=REJECT_SCHEMA,
    )


_NONE = pa.RecordBatch.from_pylist([], schema=REJECT_SCHEMA)
