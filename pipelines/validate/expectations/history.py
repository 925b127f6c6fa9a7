"""Comparison of a delivery as a whole with one accepted earlier: number of rows, amounts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, Literal

import sqlalchemy as sa
from great_expectations.compatibility import pydantic
from great_expectations.compatibility.pyspark import functions as F
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.exceptions import InvalidExpectationConfigurationError
from great_expectations.execution_engine import (
    PandasExecutionEngine,
    SparkDFExecutionEngine,
    SqlAlchemyExecutionEngine,
)
from great_expectations.expectations.expectation import BatchExpectation, ColumnAggregateExpectation
from great_expectations.expectations.metadata_types import DataQualityIssues
from great_expectations.expectations.metrics.column_aggregate_metric_provider import ColumnAggregateMetricProvider
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.render.components import LegacyDiagnosticRendererType
from great_expectations.render.renderer.renderer import renderer
from great_expectations.util import get_sqlalchemy_selectable

from pipelines.validate.expectations.described import Described, GateKind, add_metadata, metadata
from pipelines.validate.expectations.exact import pandas_units, spark_number, sql_number

PREVIOUS_ROWS = "kontor.previous_row_count"
"""Metric: rows of the delivery compared with. The gate supplies it."""

PREVIOUS_AMOUNTS = "kontor.previous_amounts"
"""Metric: currency → amount in the delivery compared with. The gate supplies it."""

TOTALS = "column.totals"
"""Metric: currency → sum of a column, exact. The currency is empty where none is named."""

ComparedWith = Literal["previous", "same_weekday", "same_month"]
_WORDS = {
    "previous": "the previous accepted delivery",
    "same_weekday": "the last accepted delivery of the same weekday",
    "same_month": "the delivery accepted for the same month a year before",
}
_COLUMN = MetricDomainTypes.COLUMN


class ColumnTotals(ColumnAggregateMetricProvider):  # type: ignore[misc]
    """Metric `column.totals`: sum of a column per value of another one, as decimals; missing values count as 0."""

    metric_name = TOTALS
    value_keys = ("currency_column", "decimals")

    @metric_value(engine=PandasExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _pandas(
        cls, execution_engine: Any, metric_domain_kwargs: dict[str, Any], metric_value_kwargs: dict[str, Any], **_: Any
    ) -> dict[str, Decimal]:
        frame, _compute, accessor = execution_engine.get_compute_domain(metric_domain_kwargs, domain_type=_COLUMN)
        decimals, currency = metric_value_kwargs.get("decimals"), metric_value_kwargs.get("currency_column")
        frame = frame.reset_index(drop=True)
        # A row of ones beside the column tells how long its unit is.
        units = pandas_units(frame.assign(_one=1), [accessor["column"], "_one"], decimals)
        unit = units["_one"].iloc[0] if len(units) else 1
        keys = frame[currency].fillna("") if currency else ["" for _ in range(len(frame))]
        totals: dict[str, int] = {}
        for key, value in zip(keys, units[accessor["column"]], strict=True):
            totals[str(key)] = totals.get(str(key), 0) + value
        return {key: Decimal(value) / unit for key, value in totals.items()}

    @metric_value(engine=SqlAlchemyExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _sqlalchemy(
        cls, execution_engine: Any, metric_domain_kwargs: dict[str, Any], metric_value_kwargs: dict[str, Any], **_: Any
    ) -> dict[str, Decimal]:
        rows, _compute, accessor = execution_engine.get_compute_domain(metric_domain_kwargs, domain_type=_COLUMN)
        currency = metric_value_kwargs.get("currency_column")
        key = sa.func.coalesce(sa.cast(sa.column(currency), sa.Text()), "") if currency else sa.literal("")
        total = sa.func.sum(sql_number(accessor["column"], metric_value_kwargs.get("decimals")))
        query = (
            sa.select(key.label("_key"), total).select_from(get_sqlalchemy_selectable(rows)).group_by(sa.text("_key"))
        )
        return {str(k): Decimal(v) for k, v in execution_engine.execute_query(query).fetchall()}

    @metric_value(engine=SparkDFExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _spark(
        cls, execution_engine: Any, metric_domain_kwargs: dict[str, Any], metric_value_kwargs: dict[str, Any], **_: Any
    ) -> dict[str, Decimal]:
        data, _compute, accessor = execution_engine.get_compute_domain(metric_domain_kwargs, domain_type=_COLUMN)
        currency = metric_value_kwargs.get("currency_column")
        key = F.coalesce(F.col(f"`{currency}`").cast("string"), F.lit("")) if currency else F.lit("")
        total = F.sum(spark_number(data, accessor["column"], metric_value_kwargs.get("decimals")))
        return {str(k): Decimal(v) for k, v in data.groupBy(key.alias("currency")).agg(total).collect()}


def change_pct(now: Decimal | int, before: Decimal | int) -> float:
    """By how many percent a figure changed; from nothing to something counts as 100.

    >>> change_pct(120, 100), change_pct(-80, -100), change_pct(5, 0)
    (20.0, 20.0, 100.0)
    """
    new, old = Decimal(now), Decimal(before)
    return float(abs(new - old) * 100 / abs(old)) if old else float(new != old) * 100


class _Compared(Described):
    """Common part: what it is compared with, and how the result is shown."""

    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.VOLUME,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("history")
    gate_kind: ClassVar[GateKind] = "compare"

    @classmethod
    @renderer(renderer_type=LegacyDiagnosticRendererType.OBSERVED_VALUE)  # type: ignore[untyped-decorator,unused-ignore]
    def _diagnostic_observed_value_renderer(
        cls, configuration: Any = None, result: Any = None, runtime_configuration: Any = None, **_: Any
    ) -> str:
        details = (result.result or {}).get("details") if result else None
        return "; ".join(_said(d) for d in details["compared"]) if details else "--"


def _said(compared: Mapping[str, Any]) -> str:
    name = f"{compared['currency']} " if compared.get("currency") else ""
    now, before = (_readable(compared[k]) for k in ("now", "before"))
    return f"{name}{now}, {before} before ({compared['change_pct']:.2f} % change)"


def _readable(figure: Any) -> str:
    return format(Decimal(str(figure)), ",f")


def _not_known() -> InvalidExpectationConfigurationError:
    return InvalidExpectationConfigurationError(
        "no earlier delivery to compare with: only the gate knows it; elsewhere say in `before` what it was"
    )


class ExpectRowCountToBeSimilar(_Compared, BatchExpectation):  # type: ignore[misc]
    """Expect the number of rows to be about that of an earlier accepted delivery.

    ExpectRowCountToBeSimilar is a Batch Expectation: it is asked of the delivery as a whole. Compared is the number
    of rows received (skipped ones not counted) or accepted, as `over` says, with that of the newest accepted delivery
    of the scope: loaded, or validated earlier in the same run. Returned, superseded and withdrawn ones never count.
    Without an earlier one the rule is not evaluated, and the result says so.

    Args:
        max_change_pct (float): percent it may differ by, up or down.

    Other Parameters:
        compared_with (str): previous (default; in period mode: of another period), same_weekday (received on the
            same day of the week in the client's time zone) or same_month (of the same month a year before).
        before (int or None): outside the gate: the number of rows to compare with.
        severity (str): critical holds the delivery when it fails, warning and info only say so.

    Supported Data Sources: pandas, PostgreSQL, Spark.

    Example:
        before 1 000 rows, now 1 200, max_change_pct 20 → passes
        before 1 000 rows, now 1 201, max_change_pct 20 → fails

        ExpectRowCountToBeSimilar(max_change_pct=20, compared_with="same_weekday")
    """

    max_change_pct: float = pydantic.Field(gt=0)
    compared_with: ComparedWith = "previous"
    before: int | None = pydantic.Field(None, ge=0)

    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.row_count",)
    success_keys: ClassVar[tuple[str, ...]] = ("max_change_pct", "compared_with", "before")
    args_keys: ClassVar[tuple[str, ...]] = ("max_change_pct", "compared_with")

    class Config:
        title = "Expect row count to be similar"
        schema_extra = add_metadata

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        words = _WORDS[kwargs.get("compared_with") or "previous"]
        pct = {"max_change_pct": f"{kwargs['max_change_pct']:g}"}
        return f"the number of rows may differ by at most $max_change_pct % from {words}", pct

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        rows, before = metrics["table.row_count"], metrics.get(PREVIOUS_ROWS, self.before)
        if before is None:
            raise _not_known()
        change = change_pct(rows, before)
        compared = [{"now": rows, "before": before, "change_pct": change}]
        return {
            "success": change <= self.max_change_pct,
            "result": {"observed_value": rows, "details": {"compared": compared}},
        }


class ExpectAmountToBeSimilar(_Compared, ColumnAggregateExpectation):  # type: ignore[misc]
    """Expect the sum of a money column to be about that of an earlier accepted delivery, in each currency.

    ExpectAmountToBeSimilar is a Column Aggregate Expectation: it is asked of the delivery as a whole. Compared is the
    amount received (skipped rows not counted) or accepted, as `over` says, with that of the newest accepted delivery
    of the scope: loaded, or validated earlier in the same run. Returned, superseded and withdrawn ones never count.
    In the gate every currency of the column is compared by itself, one that is new or gone included. Without an
    earlier delivery the rule is not evaluated, and the result says so.

    Args:
        column (str): the money column.
        max_change_pct (float): percent its sum may differ by, up or down.

    Other Parameters:
        compared_with (str): previous (default; in period mode: of another period), same_weekday (received on the
            same day of the week in the client's time zone) or same_month (of the same month a year before).
        currency (str or None): compare this currency only, e.g. EUR. Default: all.
        currency_column (str or None): outside the gate: the column with the currency; a contract states it.
        decimals (int or None): outside the gate: places to round each value to first, for floating-point numbers.
        before (number, dict or None): outside the gate: the amount to compare with, or currency → amount.
        severity (str): critical holds the delivery when it fails, warning and info only say so.

    Supported Data Sources: pandas, PostgreSQL, Spark.

    Example:
        before EUR 1 000.00, now EUR 1 200.00, max_change_pct 20 → passes
        before EUR 1 000.00 and CHF 50.00, now EUR 1 000.00, max_change_pct 20 → fails: no CHF

        ExpectAmountToBeSimilar(column="gross_amount", max_change_pct=40)
    """

    max_change_pct: float = pydantic.Field(gt=0)
    compared_with: ComparedWith = "previous"
    currency: str | None = pydantic.Field(None, regex="^[A-Z]{3}$")
    currency_column: str | None = None
    decimals: int | None = pydantic.Field(None, ge=0, le=9)
    before: dict[str, Decimal] | Decimal | None = None

    metric_dependencies: ClassVar[tuple[str, ...]] = (TOTALS,)
    success_keys: ClassVar[tuple[str, ...]] = (
        "max_change_pct", "compared_with", "currency", "currency_column", "decimals", "before",
    )  # fmt: skip
    args_keys: ClassVar[tuple[str, ...]] = ("column", "max_change_pct", "compared_with")

    class Config:
        title = "Expect amount to be similar"
        schema_extra = add_metadata

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        words = _WORDS[kwargs.get("compared_with") or "previous"]
        params = {"column": kwargs["column"], "max_change_pct": f"{kwargs['max_change_pct']:g}"}
        template = f"the sum of $column may differ by at most $max_change_pct % from {words}"
        if currency := kwargs.get("currency"):
            return f"{template}, in $currency", {**params, "currency": currency}
        return f"{template}, in every currency", params

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        before = metrics.get(PREVIOUS_AMOUNTS, self.before)
        if before is None:
            raise _not_known()
        now: dict[str, Decimal] = metrics[TOTALS]
        earlier = before if isinstance(before, dict) else {"": before}
        names = [self.currency] if self.currency else sorted(now.keys() | earlier.keys())
        compared: list[dict[str, Any]] = []
        for name in names:
            new, old = now.get(name, Decimal(0)), Decimal(earlier.get(name, 0))
            change = change_pct(new, old)
            compared.append({"currency": name, "now": str(new), "before": str(old), "change_pct": change})
        worst = max((c["change_pct"] for c in compared), default=0.0)
        return {
            "success": worst <= self.max_change_pct,
            "result": {"observed_value": worst, "details": {"compared": compared}},
        }
