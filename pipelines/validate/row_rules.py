"""Row rules: Great Expectations' own verdict per row, chunk by chunk, and its own metrics, summed.

For every map expectation it builds the metric `<map_metric>.condition`: a mask of the failing rows. That metric is
asked for, beside the counts its judgement needs, so one evaluation gives the rows and the numbers, without the
result formatting that costs minutes on a bad file.

Great Expectations plans once per suite (which metrics, which of them need which) and computes every metric of
every chunk with its own engine. What we save it: it filters and copies whole frames where a rule has missing values
or a condition, so each rule is given a frame of its own columns only; a metric that several rules share is computed
once; and the rows that meet a condition are looked for once, not by each metric of the rule anew.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from great_expectations.exceptions import MetricResolutionError
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.validator.metric_configuration import MetricConfiguration, MetricConfigurationID
from great_expectations.validator.metrics_calculator import MetricsCalculator

from pipelines.contract import Contract
from pipelines.errors import GateError
from pipelines.validate import arguments, views
from pipelines.validate.expectations import EXACT, ExpectColumnsToAddUp
from pipelines.validate.gate import SAMPLES
from pipelines.validate.suites import Rule
from pipelines.validate.texts import samples

Positions = npt.NDArray[np.int64]
Values = dict[MetricConfigurationID, Any]
PLANNED = 1024
"""Suites whose plan a process remembers: one for each feed, and one for each client with rules of its own."""
_COUNTS = {"result_format": {"result_format": "BOOLEAN_ONLY"}}


@dataclass
class Tally:
    """What one rule came to, over the chunks so far. `metrics` are the sums of Great Expectations' metrics.

    `seconds`: CPU time of its metrics and samples. A metric that several rules share counts for the first of them.
    """

    metrics: Counter[str] = field(default_factory=Counter)
    samples: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True)
class Failing:
    """Rows of a chunk that fail a rule, by position in the chunk."""

    rule: Rule
    positions: Positions


@dataclass(frozen=True)
class _Plan:
    """How one rule is evaluated: the metrics to compute, in order, and those of them that are wanted."""

    rule: Rule
    condition: MetricConfigurationID
    counts: dict[str, MetricConfigurationID]
    steps: tuple[MetricConfiguration, ...]


class _Engine(PandasExecutionEngine):  # type: ignore[misc]
    """Great Expectations' engine, with the rows it found last kept: the metrics of a rule ask for them one by one."""

    def __init__(self) -> None:
        super().__init__(caching=False)
        self._found: dict[str, tuple[str, pd.DataFrame]] = {}

    def _apply_row_condition_filter(
        self, data: pd.DataFrame, row_condition: Any, domain_kwargs: dict[str, Any]
    ) -> pd.DataFrame:
        find = partial(super()._apply_row_condition_filter, data, row_condition, domain_kwargs)
        return self._last("condition", [domain_kwargs[name] for name in ("batch_id", "row_condition")], find)

    def get_domain_records(self, domain_kwargs: dict[str, Any]) -> pd.DataFrame:
        """Rows that meet the condition and have the values it is asked of."""
        find = partial(super().get_domain_records, domain_kwargs)
        return self._last("domain", sorted(domain_kwargs.items()), find) if "ignore_row_if" in domain_kwargs else find()

    def _last(self, kind: str, asked: Any, find: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        if (key := repr(asked)) != self._found.get(kind, ("",))[0]:
            self._found[kind] = key, find()
        return self._found[kind][1]

    def forget(self) -> None:
        """Let go of the chunk: an engine refers to itself, so its frames would outlive it."""
        self.batch_manager.batch_data_cache.clear()
        self._found.clear()


class RowRules:
    """The row rules of a suite and, for one delivery, their tallies.

    `rows`: rows judged so far; `present`: column → of these, rows with a value.
    """

    def __init__(self, contract: Contract, rules: Sequence[Rule]) -> None:
        self.rules = [r for r in rules if r.kind == "row"]
        self.tallies = {r.id: Tally() for r in self.rules}
        self.rows = 0
        self.present: Counter[str] = Counter()
        self._contract = contract
        self._used = dict(_frames(tuple(self.rules)))
        self._columns = list(dict.fromkeys(c for used in self._used.values() for c in used))
        adding = [r for r in self.rules if isinstance(r.expectation, ExpectColumnsToAddUp)]
        self._exact = list(dict.fromkeys(c for r in adding for c in r.columns))
        self._plans = _plans(tuple(self.rules))

    def check(self, batch: pa.RecordBatch) -> list[Failing]:
        """Judge every row of a chunk; rules without a failing row are left out."""
        if not batch.num_rows:
            return []
        self.rows += batch.num_rows
        for name in self._columns:
            self.present[name] += batch.num_rows - batch.column(name).null_count
        engine = self._engine(batch)
        values: Values = {}
        found = []
        for plan in self._plans:
            started = time.thread_time()
            failing = self._evaluate(plan, engine, values)
            tally = self.tallies[plan.rule.id]
            tally.metrics.update({name: int(values[metric]) for name, metric in plan.counts.items()})
            if len(failing):
                some = failing[: SAMPLES - len(tally.samples)]
                tally.samples += samples(self._contract, batch, plan.rule.columns, some)
                found.append(Failing(plan.rule, failing))
            tally.seconds += time.thread_time() - started
        engine.forget()
        return found

    def _engine(self, batch: pa.RecordBatch) -> _Engine:
        """An engine that knows the chunk in frames of the columns that rules use together; they share their memory."""
        engine = _Engine()
        series = views.series(batch, self._columns, self._exact)
        index = pd.RangeIndex(batch.num_rows)
        for name, used in self._used.items():
            wanted = [*used, *(c + EXACT for c in used if c in self._exact)]
            frame = pd.DataFrame({c: series[c] for c in wanted}, index=index, copy=False)
            engine.load_batch_data(name, frame)
        return engine

    def _evaluate(self, plan: _Plan, engine: _Engine, values: Values) -> Positions:
        """Compute what is still missing of a rule's metrics; positions of the failing rows."""
        for metric in plan.steps:
            try:
                values |= engine.resolve_metrics([metric], values)
            except MetricResolutionError as error:
                raise self._cannot_evaluate(plan.rule, str(error)) from None
        return _failing(values[plan.condition][0])

    def _cannot_evaluate(self, rule: Rule, said: str) -> GateError:
        """What Great Expectations says may quote a cell, so it is left out for personal columns."""
        personal = any(c.is_personal for c in self._contract.columns if c.name in arguments.used(rule.expectation))
        return GateError(
            "a rule cannot be evaluated",
            where=rule.id,
            got="hidden: the column is personal" if personal else said.split("\n", 1)[0][:200],
            next_step="correct the rule in the suite, then replay the delivery",
        )


def _frame_of(rule: Rule) -> str:
    """Rules on the same columns share a frame."""
    return "chunk of " + ", ".join(sorted(arguments.used(rule.expectation)))


@lru_cache(maxsize=PLANNED)
def _frames(rules: tuple[Rule, ...]) -> dict[str, list[str]]:
    """Frame → its columns."""
    return {_frame_of(rule): arguments.used(rule.expectation) for rule in rules}


@lru_cache(maxsize=PLANNED)
def _plans(rules: tuple[Rule, ...]) -> tuple[_Plan, ...]:
    """The metrics of each rule with what they need before them; what an earlier rule computes is not listed again.

    Kept by the very rules: planning costs as much as judging some thousand rows, and most deliveries are smaller.
    """
    planner, planned = MetricsCalculator(PandasExecutionEngine(caching=False)), set[MetricConfigurationID]()
    plans = []
    for rule in rules:
        metrics = _metrics(rule)
        planner.build_metric_dependency_graph(list(metrics.values()))
        steps = tuple(step for metric in metrics.values() for step in _in_order(metric, planned))
        counts = {name: metric.id for name, metric in metrics.items()}
        plans.append(_Plan(rule, counts.pop(_condition(rule)), counts, steps))
    return tuple(plans)


def _in_order(metric: MetricConfiguration, planned: set[MetricConfigurationID]) -> Iterator[MetricConfiguration]:
    """What a metric needs, then the metric itself, each once."""
    if metric.id in planned:
        return
    planned.add(metric.id)
    for needed in metric.metric_dependencies.values():
        yield from _in_order(needed, planned)
    yield metric


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
            metric, dict(config.metric_domain_kwargs) | {"batch_id": _frame_of(rule)}, dict(config.metric_value_kwargs)
        )
        for name, (config, metric) in asked.items()
    }


def _failing(condition: Any) -> Positions:
    """Positions of the failing rows: the mask lacks rows that were filtered out, so its index tells the place."""
    at: Positions = np.flatnonzero(condition.to_numpy(dtype=bool))
    found: Positions = np.asarray(condition.index.take(at), dtype=np.int64)
    return found
