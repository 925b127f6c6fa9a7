"""Our own expectations for suites. Importing this module registers them, so that a suite may name them.

They are Great Expectations classes like any other: native JSON, severity, `mostly`, row conditions, Data Docs.
"""

from __future__ import annotations

from typing import Any, ClassVar

import pandas as pd
from great_expectations.compatibility import pydantic
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.exceptions import InvalidExpectationConfigurationError
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation, MulticolumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import MulticolumnMapMetricProvider
from great_expectations.expectations.metrics.map_metric_provider.multicolumn_condition_partial import (
    multicolumn_condition_partial,
)
from great_expectations.expectations.metrics.metric_provider import metric_partial

EXACT = ".minor"
"""Suffix of the int64 columns, in minor units, that `views.frame` adds for identities."""

PREVIOUS_ROWS = "kontor.previous_row_count"
"""Metric: rows of the newest accepted delivery of the scope."""

_DOMAIN = ("batch_id", "table", "column_list", "row_condition", "condition_parser", "ignore_row_if")
_NOISE = 1e-9  # share of the total that float arithmetic may be off by; far below any tolerance


class ColumnsAddUp(MulticolumnMapMetricProvider):  # type: ignore[misc]
    """Whether some columns add up to a total, exactly, on the int64 companions of the columns."""

    condition_metric_name = "columns.add_up"
    condition_domain_keys = _DOMAIN
    condition_value_keys = ("total",)

    @metric_partial(  # type: ignore[misc,untyped-decorator,unused-ignore]
        engine=PandasExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.MAP_CONDITION_SERIES,
        domain_type=MetricDomainTypes.MULTICOLUMN,
    )
    def _pandas(
        cls,
        execution_engine: PandasExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> tuple[pd.Series[bool], dict[str, Any], dict[str, Any]]:
        frame, compute, accessor = execution_engine.get_compute_domain(
            domain_kwargs=metric_domain_kwargs, domain_type=MetricDomainTypes.MULTICOLUMN
        )
        total = metric_value_kwargs["total"]
        parts = [c + EXACT for c in accessor["column_list"] if c != total]
        if missing := [c for c in (*parts, total + EXACT) if c not in frame.columns]:
            raise ValueError(f"exact columns {', '.join(missing)} are missing: build the frame with views.frame")
        failing = frame[parts].sum(axis=1) != frame[total + EXACT]
        return failing, compute, accessor


class ColumnProductMatches(MulticolumnMapMetricProvider):  # type: ignore[misc]
    """Whether quantity × price gives the amount, within a tolerance."""

    condition_metric_name = "columns.product_matches"
    condition_domain_keys = _DOMAIN
    condition_value_keys = ("factors", "total", "tolerance_pct", "tolerance_amount", "price_step")

    @multicolumn_condition_partial(engine=PandasExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _pandas(cls, column_list: pd.DataFrame, **kwargs: Any) -> pd.Series[bool]:
        quantity, price = (column_list[c] for c in kwargs["factors"])
        total = column_list[kwargs["total"]]
        allowed = (
            quantity.abs() * kwargs["price_step"] / 2
            + total.abs() * (kwargs["tolerance_pct"] / 100 + _NOISE)
            + kwargs["tolerance_amount"]
        )
        matches: pd.Series[bool] = (quantity * price - total).abs() <= allowed
        return matches


class _Columns(MulticolumnMapExpectation):  # type: ignore[misc]
    """Common part: `column_list`, which Great Expectations asks for, follows from our own arguments."""

    column_list: list[str] = pydantic.Field(default_factory=list)
    ignore_row_if: str = "any_value_is_missing"

    @classmethod
    def _named(cls, values: dict[str, Any]) -> list[str]:
        raise NotImplementedError

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _fill_column_list(cls, values: dict[str, Any]) -> dict[str, Any]:
        return {**values, "column_list": cls._named(values)}


class ExpectColumnsToAddUp(_Columns):
    """Some columns add up to a total, to the cent: net + tax = gross, debit = credit.

    Rows with a missing value among the columns are not judged. All columns must have the same scale in the
    contract; the sum is taken in whole minor units, so 0.10 + 0.20 = 0.30 holds and a difference of one cent does not.

    Args: columns (list), total (column).
    """

    columns: list[str]
    total: str

    map_metric: ClassVar[str] = "columns.add_up"
    success_keys: ClassVar[tuple[str, ...]] = ("columns", "total", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("columns", "total")

    @classmethod
    def _named(cls, values: dict[str, Any]) -> list[str]:
        return [*values.get("columns", []), *([values["total"]] if "total" in values else [])]


class ExpectColumnProductToMatch(_Columns):
    """Quantity × price gives the amount.

    The price is rounded by its source, so the product may be off by half a `price_step` (a cent) per unit of
    quantity: 3 000 packs at 0.12 may be 345.00 to 375.00. `tolerance_amount` (half a cent, for the total's own
    rounding) and `tolerance_pct` (percent of the total) are added. Rows with a missing value are not judged.

    Args: factors ([quantity, price]), total, tolerance_pct = 0, tolerance_amount = 0.005, price_step = 0.01.
    """

    factors: list[str] = pydantic.Field(min_items=2, max_items=2)
    total: str
    tolerance_pct: float = pydantic.Field(0.0, ge=0)
    tolerance_amount: float = pydantic.Field(0.005, ge=0)
    price_step: float = pydantic.Field(0.01, ge=0)

    map_metric: ClassVar[str] = "columns.product_matches"
    success_keys: ClassVar[tuple[str, ...]] = (
        "factors", "total", "tolerance_pct", "tolerance_amount", "price_step", "mostly",
    )  # fmt: skip
    args_keys: ClassVar[tuple[str, ...]] = ("factors", "total")

    @classmethod
    def _named(cls, values: dict[str, Any]) -> list[str]:
        return [*values.get("factors", []), *([values["total"]] if "total" in values else [])]


class ExpectRowCountToBeSimilar(BatchExpectation):  # type: ignore[misc]
    """The number of rows differs from the newest accepted delivery of the scope by at most `max_change_pct` percent.

    Without an earlier accepted delivery there is nothing to compare with: the rule is not evaluated.

    Args: max_change_pct (e.g. 20: from 1 000 rows, 800 to 1 200 are similar).
    """

    max_change_pct: float = pydantic.Field(gt=0)

    success_keys: ClassVar[tuple[str, ...]] = ("max_change_pct",)
    args_keys: ClassVar[tuple[str, ...]] = ("max_change_pct",)

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        if metrics.get(PREVIOUS_ROWS) is None:
            raise InvalidExpectationConfigurationError("no earlier delivery to compare with: only the gate knows it")
        rows, before = metrics["table.row_count"], metrics[PREVIOUS_ROWS]
        change = abs(rows - before) * 100 / before if before else float(rows > 0) * 100
        return {
            "success": change <= self.max_change_pct,
            "result": {"observed_value": rows, "details": {"previous_row_count": before, "change_pct": change}},
        }
