"""Row rules: Great Expectations' own verdict per row, chunk by chunk, and its own metrics, summed.

For every map expectation it builds the metric `<map_metric>.condition`: a mask of the failing rows. That metric is
asked for, beside the counts its judgement needs, so one evaluation gives the rows and the numbers, without the
result formatting that costs minutes on a bad file.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.validator.metric_configuration import MetricConfiguration
from great_expectations.validator.metrics_calculator import MetricsCalculator

from pipelines.contract import Contract
from pipelines.errors import GateError
from pipelines.reject import mask
from pipelines.validate import arguments, views
from pipelines.validate.expectations import ExpectColumnsToAddUp
from pipelines.validate.gate import SAMPLES
from pipelines.validate.suites import Rule

Positions = npt.NDArray[np.int64]
_BATCH = "chunk"
# It logs the exception of a rule that cannot be evaluated, which may quote a cell; we raise it without.
logging.getLogger("great_expectations.validator.metrics_calculator").setLevel(logging.ERROR)
_COUNTS = {"result_format": {"result_format": "BOOLEAN_ONLY"}}


@dataclass
class Tally:
    """What one rule came to, over the chunks so far. `metrics` are the sums of Great Expectations' metrics."""

    metrics: Counter[str] = field(default_factory=Counter)
    samples: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Failing:
    """Rows of a chunk that fail a rule, by position in the chunk."""

    rule: Rule
    positions: Positions


class RowRules:
    """The row rules of a suite, compiled once per delivery, and their tallies.

    `rows`: rows judged so far; `present`: column → of these, rows with a value.
    """

    def __init__(self, contract: Contract, rules: Sequence[Rule]) -> None:
        self.rules = [r for r in rules if r.kind == "row"]
        self.tallies = {r.id: Tally() for r in self.rules}
        self.rows = 0
        self.present: Counter[str] = Counter()
        self._contract = contract
        self._columns = list(dict.fromkeys(c for r in self.rules for c in arguments.used(r.expectation)))
        adding = [r for r in self.rules if isinstance(r.expectation, ExpectColumnsToAddUp)]
        self._exact = list(dict.fromkeys(c for r in adding for c in r.columns))
        self._metrics = {r.id: _metrics(r) for r in self.rules}

    def check(self, batch: pa.RecordBatch) -> list[Failing]:
        """Judge every row of a chunk; rules without a failing row are left out."""
        if not batch.num_rows:
            return []
        self.rows += batch.num_rows
        for name in self._columns:
            self.present[name] += batch.num_rows - batch.column(name).null_count
        values = self._compute(batch)
        found = []
        for rule in self.rules:
            configs = dict(self._metrics[rule.id])
            failing = _failing(values[configs.pop(_condition(rule)).id][0])
            tally = self.tallies[rule.id]
            tally.metrics.update({name: int(values[config.id]) for name, config in configs.items()})
            if len(failing):
                tally.samples += samples(self._contract, batch, rule.columns, failing[: SAMPLES - len(tally.samples)])
                found.append(Failing(rule, failing))
        return found

    def _compute(self, batch: pa.RecordBatch) -> dict[Any, Any]:
        engine = PandasExecutionEngine()
        engine.load_batch_data(_BATCH, views.frame(batch, self._columns, self._exact))
        wanted = [config for configs in self._metrics.values() for config in configs.values()]
        values, aborted = MetricsCalculator(engine, show_progress_bars=False).compute_metrics(wanted)
        if aborted:
            raise self._cannot_evaluate(aborted)
        return dict(values)

    def _cannot_evaluate(self, aborted: dict[Any, Any]) -> GateError:
        """Name the rule; what Great Expectations says may quote a cell, so it is left out for personal columns."""
        ids = {config.id: self._rule(rule_id) for rule_id, all_ in self._metrics.items() for config in all_.values()}
        rule = next((ids[i] for i in aborted if i in ids), None)
        info = next(iter(aborted.values()))["exception_info"]
        said = str(getattr(info, "exception_message", info)).splitlines()
        personal = any(c.is_personal for c in self._contract.columns if rule is None or c.name in rule.columns)
        return GateError(
            "a rule cannot be evaluated",
            where=rule.id if rule else self._contract.feed,
            got="hidden: the column is personal" if personal else (said or [""])[0][:200],
            next_step="correct the rule in the suite, then replay the delivery",
        )

    def _rule(self, rule_id: str) -> Rule:
        return next(r for r in self.rules if r.id == rule_id)


def samples(contract: Contract, batch: pa.RecordBatch, columns: Sequence[str], at: Positions) -> list[dict[str, Any]]:
    """Address and masked values of some rows, for people to look at."""
    numbers = batch.column("_row_number").take(pa.array(at)).to_pylist()
    parts = batch.column("_row_part").take(pa.array(at)).to_pylist()
    texts = {c: masked_texts(contract, batch, c, at) for c in columns}
    return [
        {"row_number": n, "row_part": p, "values": {c: texts[c][i] for c in columns}}
        for i, (n, p) in enumerate(zip(numbers, parts, strict=True))
    ]


def masked_texts(contract: Contract, batch: pa.RecordBatch, column: str, at: Positions) -> list[str | None]:
    """Cleaned values of a column at some positions as text, masked when personal."""
    array = pc.cast(batch.column(column).take(pa.array(at)), pa.string())
    texts: list[str | None] = array.to_pylist()
    found = next((c for c in contract.columns if c.name == column), None)
    return [mask(t, found.classification) for t in texts] if found and found.is_personal else texts


def _condition(rule: Rule) -> str:
    return f"{rule.expectation.map_metric}.condition"


def _metrics(rule: Rule) -> dict[str, MetricConfiguration]:
    """The metrics Great Expectations itself asks for to judge the rule, and the mask they are counted from."""
    needed = rule.expectation.get_validation_dependencies(runtime_configuration=dict(_COUNTS)).metric_configurations
    count = needed[f"{rule.expectation.map_metric}.unexpected_count"]
    asked = {name: (config, name) for name, config in needed.items()}
    asked[_condition(rule)] = (count, _condition(rule))
    return {
        name: MetricConfiguration(
            metric, dict(config.metric_domain_kwargs) | {"batch_id": _BATCH}, dict(config.metric_value_kwargs)
        )
        for name, (config, metric) in asked.items()
    }


def _failing(condition: Any) -> Positions:
    """Positions of the failing rows: the mask lacks rows that were filtered out, so its index tells the place."""
    found: Positions = np.asarray(condition.index[condition.to_numpy(dtype=bool)], dtype=np.int64)
    return found
