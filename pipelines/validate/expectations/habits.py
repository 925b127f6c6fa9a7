"""Rows that look unlike everyday work: round amounts, postings at weekends, entries made long after their day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pandas as pd
import sqlalchemy as sa
from great_expectations.compatibility import pydantic
from great_expectations.compatibility.pyspark import functions as F
from great_expectations.execution_engine import (
    PandasExecutionEngine,
    SparkDFExecutionEngine,
    SqlAlchemyExecutionEngine,
)
from great_expectations.expectations.expectation import ColumnMapExpectation, ColumnPairMapExpectation
from great_expectations.expectations.metadata_types import DataQualityIssues
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    ColumnPairMapMetricProvider,
    column_condition_partial,
    column_pair_condition_partial,
)

from pipelines.validate.expectations.described import Described, add_metadata, metadata

_FRIDAY = 5  # of the days of a week as ISO 8601 counts them


class AmountsNotRound(ColumnMapMetricProvider):  # type: ignore[misc]
    """Metric: whether an amount is zero or no multiple of a round one."""

    condition_metric_name = "column_values.not_round"
    condition_value_keys = ("multiple",)

    @column_condition_partial(engine=PandasExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _pandas(cls, column: pd.Series[Any], multiple: int, **_: Any) -> pd.Series[bool]:
        return ((column == 0) | (column % multiple != 0)).astype(bool)

    @column_condition_partial(engine=SqlAlchemyExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _sqlalchemy(cls, column: sa.ColumnElement[Any], multiple: int, **_: Any) -> sa.ColumnElement[bool]:
        return sa.or_(column == 0, sa.func.mod(sa.cast(column, sa.Numeric()), multiple) != 0)

    @column_condition_partial(engine=SparkDFExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _spark(cls, column: Any, multiple: int, **_: Any) -> Any:
        return (column == 0) | (column % multiple != 0)


class DatesOnWeekdays(ColumnMapMetricProvider):  # type: ignore[misc]
    """Metric: whether a date is one of Monday to Friday."""

    condition_metric_name = "column_values.on_weekdays"

    @column_condition_partial(engine=PandasExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _pandas(cls, column: pd.Series[Any], **_: Any) -> pd.Series[bool]:
        return (pd.to_datetime(column).dt.dayofweek < _FRIDAY).astype(bool)

    @column_condition_partial(engine=SqlAlchemyExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _sqlalchemy(cls, column: sa.ColumnElement[Any], **_: Any) -> sa.ColumnElement[bool]:
        return sa.func.date_part("isodow", column) <= _FRIDAY

    @column_condition_partial(engine=SparkDFExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _spark(cls, column: Any, **_: Any) -> Any:
        return F.weekday(column) < _FRIDAY


class DaysBetween(ColumnPairMapMetricProvider):  # type: ignore[misc]
    """Metric: whether one date lies at most so many days after another."""

    condition_metric_name = "column_pair_values.days_between"
    condition_domain_keys = (
        "batch_id", "table", "column_A", "column_B", "row_condition", "condition_parser", "ignore_row_if",
    )  # fmt: skip
    condition_value_keys = ("days",)

    @column_pair_condition_partial(engine=PandasExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _pandas(cls, column_A: pd.Series[Any], column_B: pd.Series[Any], days: int, **_: Any) -> pd.Series[bool]:
        # microseconds: nanoseconds end in 2262, and 9999 is a year that ledgers know
        later, earlier = (pd.Series(pd.to_datetime(c), dtype="datetime64[us]") for c in (column_A, column_B))
        within: pd.Series[bool] = (later.dt.normalize() - earlier.dt.normalize()).dt.days <= days
        return within

    @column_pair_condition_partial(engine=SqlAlchemyExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _sqlalchemy(cls, column_A: Any, column_B: Any, days: int, **_: Any) -> sa.ColumnElement[bool]:
        between = sa.cast(column_A, sa.Date()) - sa.cast(column_B, sa.Date())
        return sa.type_coerce(between, sa.Integer()) <= days

    @column_pair_condition_partial(engine=SparkDFExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _spark(cls, column_A: Any, column_B: Any, days: int, **_: Any) -> Any:
        return F.datediff(column_A, column_B) <= days


class ExpectAmountsNotToBeRound(Described, ColumnMapExpectation):  # type: ignore[misc]
    """Expect amounts not to be round: real prices, taxes and wages seldom end in thousands.

    ExpectAmountsNotToBeRound is a Column Map Expectation: it is asked of every row with a value. Zero is not round. A
    round sum may be an estimate, an accrual or an invention; it is meant as a warning for whoever audits journals.

    Args:
        column (str): the column with the amount.
        multiple (int): the round amount, in whole units of the currency: 1000 finds 5 000.00 and not 5 500.00.

    Other Parameters:
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL, Spark.

    Example:
        4 998.12, multiple 1000 → passes
        -5 000.00, multiple 1000 → fails

        ExpectAmountsNotToBeRound(column="debit_amount", multiple=1000)
    """

    multiple: int = pydantic.Field(ge=1)

    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.NUMERIC,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("column map expectation")
    names_columns: ClassVar[Mapping[str, str | None]] = {"column": "number"}
    map_metric: ClassVar[str] = "column_values.not_round"
    success_keys: ClassVar[tuple[str, ...]] = ("multiple", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "multiple")

    class Config:
        title = "Expect amounts not to be round"
        schema_extra = add_metadata

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        params = {"column": kwargs["column"], "multiple": str(kwargs["multiple"])}
        return "values of $column must not be multiples of $multiple, but for zero", params


class ExpectDatesToBeOnWeekdays(Described, ColumnMapExpectation):  # type: ignore[misc]
    """Expect dates to be on one of Monday to Friday.

    ExpectDatesToBeOnWeekdays is a Column Map Expectation: it is asked of every row with a value. Public holidays are
    not known to it. Where people work at weekends it says nothing; it is meant as a warning.

    Args:
        column (str): the column with the date.

    Other Parameters:
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL, Spark.

    Example:
        2026-10-02, a Friday → passes
        2026-10-03, a Saturday → fails

        ExpectDatesToBeOnWeekdays(column="entered_date")
    """

    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.VALIDITY,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("column map expectation")
    names_columns: ClassVar[Mapping[str, str | None]] = {"column": "date"}
    map_metric: ClassVar[str] = "column_values.on_weekdays"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly",)
    args_keys: ClassVar[tuple[str, ...]] = ("column",)

    class Config:
        title = "Expect dates to be on weekdays"
        schema_extra = add_metadata

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        return "values of $column must be days from Monday to Friday", {"column": kwargs["column"]}


class ExpectDaysBetweenToBeAtMost(Described, ColumnPairMapExpectation):  # type: ignore[misc]
    """Expect one date to lie at most so many days after another: entered soon after it was posted for.

    ExpectDaysBetweenToBeAtMost is a Column Pair Map Expectation: it is asked of every row with both dates. An earlier
    date passes, however early. Times of day do not count.

    Args:
        column_A (str): the later date.
        column_B (str): the earlier date.
        days (int): days that A may be later than B; negative = it must be so many days earlier.

    Other Parameters:
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL, Spark.

    Example:
        entered 2026-10-31, posted for 2026-10-01, days 30 → passes
        entered 2026-11-01, posted for 2026-10-01, days 30 → fails

        ExpectDaysBetweenToBeAtMost(column_A="entered_date", column_B="posting_date", days=30)
    """

    days: int
    ignore_row_if: str = "either_value_is_missing"

    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.VALIDITY,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("column pair map expectation")
    names_columns: ClassVar[Mapping[str, str | None]] = {"column_A": "date", "column_B": "date"}
    map_metric: ClassVar[str] = "column_pair_values.days_between"
    success_keys: ClassVar[tuple[str, ...]] = ("ignore_row_if", "days", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("column_A", "column_B", "days")

    class Config:
        title = "Expect days between to be at most"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _only_whole_pairs(cls, values: dict[str, Any]) -> dict[str, Any]:
        return {**values, "ignore_row_if": "either_value_is_missing"}

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        params = {name: str(kwargs[name]) for name in ("column_A", "column_B", "days")}
        return "$column_A may be at most $days days after $column_B", params
