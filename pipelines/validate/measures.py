"""What the row rules and the rules on cells came to over all chunks, ready to be judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipelines.contract import Contract
from pipelines.validate import baseline
from pipelines.validate.chunks import ChunkGate
from pipelines.validate.judge import Measurement
from pipelines.validate.set_rules import counted
from pipelines.validate.suites import Rule


def row_measurements(gate: ChunkGate, contract: Contract, rules: Sequence[Rule]) -> list[Measurement]:
    """One measurement per row rule of the suite and per rule on cells that the chunks have met."""
    row_rules = [rule for rule in rules if rule.kind == "row"]
    out = [replace(_row_rule(gate, contract, r), seconds=gate.rules.tallies[r.id].seconds) for r in row_rules]
    malformed = next(iter(gate.found))
    for rule_id, found in gate.found.items():
        rows = gate.received - gate.skipped if rule_id == malformed else gate.judged
        measured = counted(baseline.counted_by_id(contract, rule_id), rows, found.failed, found.samples)
        out.append(replace(measured, seconds=found.seconds))
    return out


def _row_rule(gate: ChunkGate, contract: Contract, rule: Rule) -> Measurement:
    """Sums of Great Expectations' metrics; `evaluated` are the rows it counts in its success ratio."""
    tally = gate.rules.tallies[rule.id]
    metric = rule.expectation.map_metric
    rows = tally.metrics["table.row_count"]
    nulls = "column_values.nonnull.unexpected_count"
    if f"{metric}.filtered_row_count" in tally.metrics:
        evaluated = tally.metrics[f"{metric}.filtered_row_count"]
    elif f"{metric}.unexpected_count" != nulls and nulls in tally.metrics:
        evaluated = rows - tally.metrics[nulls]
    else:  # null and not-null rules judge every row
        evaluated = rows
    failed = tally.metrics[f"{metric}.unexpected_count"]
    if evaluated:
        return Measurement(rule, evaluated, tally.metrics, failed, tally.samples)
    return _idle(gate, contract, rule, rows)


def _idle(gate: ChunkGate, contract: Contract, rule: Rule, rows: int) -> Measurement:
    """No row to judge. That only warns when a column that may be missing is missing everywhere, or when the rule has
    a condition and no row meets it: then the condition was tried on every row. Where a rule has a condition, such a
    column may be filled in other rows: pay per hour stands on some kinds of lines only."""
    if not gate.judged:
        return Measurement(rule, 0, {}, note="no row came", excused=True)  # not_empty holds the delivery
    if not rows:
        return Measurement(rule, 0, {}, note="no row meets its condition", excused=True)
    optional = {c.name for c in contract.columns if not c.required} | {c.absent_column for c in contract.columns}
    may_lack = len(rule.columns) == 1 or getattr(rule.expectation, "row_condition", None) is not None
    empty = [c for c in rule.columns if c in optional and (may_lack or not gate.rules.present[c])]
    note = f"no row has {' and '.join(empty or rule.columns)}"
    return Measurement(rule, 0, {}, note=note, excused=bool(empty))
