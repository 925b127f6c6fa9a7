"""The rules every feed has, derived from the contract and the profile, as expectations.

They judge what the gate measured: they are Expectation subclasses so that one result, in Great Expectations' own
form, tells everything about a delivery. No suite may name them.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from great_expectations.compatibility import pydantic
from great_expectations.expectations.expectation import BatchExpectation

from pipelines.contract import Contract
from pipelines.reject import Baseline, Severity, baseline_rule
from pipelines.rulebook import derived_message
from pipelines.validate.suites import Rule

ROWS = "kontor.rows"
FAILED = "kontor.failed_rows"
SAMPLES = "kontor.samples"
MEASURED = "kontor.measured"


class ExpectEveryRowToPass(BatchExpectation):  # type: ignore[misc]
    """No row fails a rule that cleaning or SQL has evaluated: required, unreadable, repeated, key, reference, group.

    The failing rows are set aside; how many may be is said by `max_rejects`.
    """

    rule: str
    column: str | None = None

    success_keys: ClassVar[tuple[str, ...]] = ("rule", "column")

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        rows, failed = metrics[ROWS], metrics[FAILED]
        return {
            "success": failed == 0,
            "result": {
                "element_count": rows,
                "unexpected_count": failed,
                "unexpected_percent": failed * 100 / rows if rows else 0.0,
                "partial_unexpected_list": metrics[SAMPLES],
            },
        }


class ExpectMeasureToBeBetween(BatchExpectation):  # type: ignore[misc]
    """A number measured on the delivery as a whole lies between two bounds, both included; outside, it is held."""

    rule: str
    min_value: float | None = None
    max_value: float | None = None

    success_keys: ClassVar[tuple[str, ...]] = ("rule", "min_value", "max_value")

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        measured = metrics[MEASURED]
        above = self.min_value is None or measured >= self.min_value
        below = self.max_value is None or measured <= self.max_value
        return {"success": above and below, "result": {"observed_value": measured}}


class ExpectControlTotalToMatch(BatchExpectation):  # type: ignore[misc]
    """A count or sum that the sender promises equals what was received, to the cent; else the delivery is held.

    `promised` is the number as text, or empty when the file's promise cannot be read: that fails too.
    """

    control: str
    promised: str = pydantic.Field("")

    success_keys: ClassVar[tuple[str, ...]] = ("control", "promised")

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        measured: Decimal = metrics[MEASURED]
        return {
            "success": bool(self.promised) and Decimal(self.promised) == measured,
            "result": {"observed_value": format(measured, "f"), "details": {"promised": self.promised or None}},
        }


def counted(contract: Contract, kind: Baseline, column: str | None = None, *, columns: Sequence[str] = ()) -> Rule:
    """A rule about rows, with the column in its id, or about several `columns` together."""
    rule_id = baseline_rule(contract.feed, kind, column)
    return Rule(
        id=rule_id,
        kind="counted",
        expectation=ExpectEveryRowToPass(rule=rule_id, column=column),
        severity=Severity.CRITICAL,
        message=derived_message(kind, column or ", ".join(columns) or "row"),
        columns=(column,) if column else tuple(columns),
    )


def counted_by_id(contract: Contract, rule_id: str) -> Rule:
    """The rule of an id that cleaning reported, e.g. `ledgers.spend.unreadable.spend_amount`."""
    kind, _, column = rule_id.removeprefix(contract.feed + ".").partition(".")
    return counted(contract, Baseline(kind), column or None)


def fact(
    contract: Contract,
    kind: Baseline,
    message: str,
    *,
    low: float | None = None,
    high: float | None = None,
    part: str = "",
) -> Rule:
    """A rule about the delivery as a whole: outside its bounds the delivery is held."""
    rule_id = baseline_rule(contract.feed, kind, part or None)
    expectation = ExpectMeasureToBeBetween(rule=rule_id, min_value=low, max_value=high)
    return Rule(rule_id, "fact", expectation, Severity.CRITICAL, message, over="received")


def control(contract: Contract, name: str, promised: Decimal | None) -> Rule:
    """The rule of one control total, e.g. `ledgers.spend.control_total.sum(spend_amount)`."""
    expectation = ExpectControlTotalToMatch(control=name, promised="" if promised is None else format(promised, "f"))
    rule_id = baseline_rule(contract.feed, Baseline.CONTROL, name)
    return Rule(rule_id, "fact", expectation, Severity.CRITICAL, f"control total {name} differs", over="received")
