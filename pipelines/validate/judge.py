"""Great Expectations judges once per delivery: each expectation's own `_validate`, on the summed metrics."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from great_expectations import __version__ as gx_version
from great_expectations.core.expectation_validation_result import ExpectationValidationResult
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.util import convert_to_json_serializable

from pipelines.delivery import Delivery
from pipelines.errors import GateError
from pipelines.reject import Severity
from pipelines.validate.gate import SAMPLES
from pipelines.validate.suites import ABOUT_ROWS, Rule
from pipelines.warehouse.ledger import RuleResult

_FORMAT = {"result_format": {"result_format": "BASIC", "partial_unexpected_count": SAMPLES}}


HIDDEN = "hidden: it would give a personal value away"


@dataclass(frozen=True)
class Measurement:
    """What was measured for one rule: the metrics its `_validate` asks for.

    `evaluated`: rows (or 1, for a fact) it was evaluated on; 0 = not evaluated, for the reason in `note`. `excused`:
    not being evaluated does not hold the delivery. `failed`: failing rows, `waived` of them load all the same.
    `observed`: what to show. `is_hidden`: not even that, for it would give a personal cell away. `seconds` it took;
    `threshold`: the failing share it allows, when the rule itself does not say.
    """

    rule: Rule
    evaluated: int
    metrics: Mapping[str, Any]
    failed: int = 0
    samples: Sequence[dict[str, Any]] = field(default_factory=tuple)
    observed: str | None = None
    note: str | None = None
    excused: bool = False
    seconds: float | None = None
    threshold: float | None = None
    waived: int = 0
    is_hidden: bool = False

    @property
    def without_waived(self) -> Measurement:
        """The same as if the waived rows had not failed: what the tolerance of the rule is judged on."""
        if not self.waived or self.rule.kind not in ("row", "unique"):
            return self
        name, failed = f"{self.rule.expectation.map_metric}.unexpected_count", self.failed - self.waived
        return replace(self, metrics={**self.metrics, name: failed}, failed=failed, waived=0)


@dataclass(frozen=True)
class Outcome:
    """A rule with its result, for `ops` and for Data Docs. `hold`: why it holds the delivery, if it does.

    `set_aside`: failing rows but those that load by a waiver.
    """

    rule: Rule
    result: RuleResult
    evidence: ExpectationValidationResult
    hold: str | None
    set_aside: int = 0


def judge(measured: Measurement, feed: str) -> Outcome:
    """One rule. `success` is null when nothing was evaluated: never passed by vacuity."""
    rule = measured.rule
    evidence = _not_evaluated(measured) if not measured.evaluated else _validate(measured)
    evidence.expectation_config = _configuration(rule, feed, is_hidden=measured.is_hidden and measured.evaluated > 0)
    success = None if evidence.success is None else bool(evidence.success)
    shown = measured.observed or observed(measured)
    if measured.is_hidden and measured.evaluated:
        shown = HIDDEN
        evidence.result = {name: v for name, v in evidence.result.items() if name != "details"}
        evidence.result["observed_value"] = HIDDEN
    result = RuleResult(
        rule_id=rule.id,
        rule_type=rule.type,
        column_name=rule.column_name,
        severity=rule.severity,
        evaluated=measured.evaluated,
        failed=measured.failed if rule.kind in (*ABOUT_ROWS, "counted") else int(success is False),
        success=success,
        over=rule.over,
        mostly=rule.mostly,
        observed=shown,
        message=rule.message,
        samples=list(measured.samples),
        threshold=_threshold(rule) if measured.threshold is None else measured.threshold,
        seconds=measured.seconds,
    )
    tolerated = success
    if measured.waived and measured.evaluated:
        tolerated = bool(_validate(measured.without_waived).success)
    hold = _hold(measured.without_waived, tolerated, shown)
    return Outcome(rule, result, evidence, hold, result.failed - measured.waived)


def _validate(measured: Measurement) -> ExpectationValidationResult:
    rule = measured.rule
    metrics = dict(measured.metrics)
    if rule.kind in ABOUT_ROWS:
        values = [next(iter(s["values"].values())) if len(s["values"]) == 1 else s["values"] for s in measured.samples]
        metrics[f"{rule.expectation.map_metric}.unexpected_values"] = values
    raw = rule.expectation._validate(metrics=metrics, runtime_configuration=dict(_FORMAT))
    evidence = raw if isinstance(raw, ExpectationValidationResult) else ExpectationValidationResult(**raw)
    if rule.kind in ABOUT_ROWS and evidence.result["unexpected_count"] != measured.failed:
        raise GateError(
            "Great Expectations counts other rows than the gate",
            where=rule.id,
            got=str(evidence.result["unexpected_count"]),
            expected=str(measured.failed),
            next_step="report this: the gate must not be trusted until it is explained",
        )
    return evidence


def _not_evaluated(measured: Measurement) -> ExpectationValidationResult:
    """Shown with a warning sign instead of a tick or a cross: Data Docs know no other third state."""
    note = {
        "raised_exception": True,
        "exception_message": f"Not evaluated: {measured.note}",
        "exception_traceback": "",
    }
    return ExpectationValidationResult(success=None, result={}, exception_info=note)


def _configuration(rule: Rule, feed: str, *, is_hidden: bool) -> ExpectationConfiguration:
    """The rule's own, which all its results share, unless this result words it or hides what was promised."""
    description = _description(rule, feed)
    if not description and not is_hidden:
        return rule.configuration
    told = rule.expectation.configuration
    told.description = told.description or description
    if is_hidden:
        told.kwargs.pop("promised", None)
    return told


def _description(rule: Rule, feed: str) -> str | None:
    """Rules derived from the contract have no wording in Great Expectations; expectations of suites have their own."""
    derived = type(rule.expectation).__module__.startswith("pipelines.") and rule.kind in ("counted", "fact")
    return f"{rule.id.removeprefix(feed + '.')} fails when: {rule.message}" if derived else None


def _threshold(rule: Rule) -> float | None:
    """The largest failing share that the rule allows; None when it has no bound of its own."""
    if rule.hold:
        return 0.0
    return None if rule.mostly is None else round(1 - rule.mostly, 12)  # 1 - 0.9 is not 0.1 in binary


def observed(measured: Measurement) -> str:
    """How many rows fail, or why none was evaluated."""
    if not measured.evaluated:
        return f"not evaluated: {measured.note}"
    return f"{measured.failed} of {measured.evaluated} rows fail ({measured.failed * 100 / measured.evaluated:.2f} %)"


def _hold(measured: Measurement, success: bool | None, observed: str) -> str | None:
    """Why this result holds the delivery (SEMANTICS: tolerance). Warnings and infos never do."""
    rule = measured.rule
    if rule.severity is not Severity.CRITICAL:
        return None
    said = f"{rule.id}: {rule.message} ({observed})"
    if success is None:
        return None if measured.excused else said
    if rule.kind in ABOUT_ROWS:
        fell_under = rule.mostly is not None and not success
        return said if fell_under or (rule.hold and measured.failed) else None
    return said if rule.kind != "counted" and not success else None


def evidence_of(delivery: Delivery, outcomes: Sequence[Outcome], at: dt.datetime) -> dict[str, Any]:
    """All results as the JSON of one ExpectationSuiteValidationResult.

    Written as its `to_json_dict` writes it, which copies everything six times over to get there, and each result as
    that of a result does, which copies four times.
    """
    flags = [o.evidence.success for o in outcomes if o.evidence.success is not None]
    passed = sum(map(bool, flags))
    where = {"client": delivery.client_id, "source": delivery.source, "period": delivery.period}
    return {
        "success": len(flags) == len(outcomes) and passed == len(flags),
        "results": [_as_json(o) for o in outcomes],
        "suite_name": delivery.feed,
        "suite_parameters": {},
        "statistics": {
            "evaluated_expectations": len(flags),
            "successful_expectations": passed,
            "unsuccessful_expectations": len(flags) - passed,
            "success_percent": passed * 100 / len(flags) if flags else None,
        },
        "meta": {
            "run_id": {"run_name": f"delivery {delivery.delivery_id}", "run_time": at.isoformat()},
            "great_expectations_version": gx_version,
            "batch_spec": {
                **{k: v for k, v in where.items() if v},
                "data_asset_name": f"{delivery.client_id} {delivery.file_name}",
                "delivery": delivery.delivery_id,
                "attempt": delivery.attempt,
            },
        },
        "id": None,
    }


def _as_json(outcome: Outcome) -> dict[str, Any]:
    found, rule = outcome.evidence, outcome.rule
    shared = found.expectation_config is rule.configuration
    return {
        "success": None if found.success is None else bool(found.success),
        "expectation_config": json.loads(rule.configuration_json)
        if shared
        else found.expectation_config.to_json_dict(),
        "result": convert_to_json_serializable(found.result),
        "meta": dict(found.meta),
        "exception_info": dict(found.exception_info),  # ours or none: plain texts
    }
