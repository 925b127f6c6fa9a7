"""Days in their order, and days beside the one a delivery speaks for: a permit still valid, hours not yet worked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from itertools import combinations
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
from great_expectations.expectations.expectation import ColumnMapExpectation, MulticolumnMapExpectation
from great_expectations.expectations.metadata_types import DataQualityIssues
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    column_condition_partial,
)

from pipelines.validate.expectations.conditions import RowsFail
from pipelines.validate.expectations.described import Described, GateKind, add_metadata, joined, metadata


class DatesInOrder(RowsFail):
    """Metric: rows in which a date lies before one that is named earlier."""

    condition_metric_name = "dates.in_order"
    condition_value_keys: ClassVar[tuple[str, ...]] = ("columns",)

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        # microseconds: nanoseconds end in 2262, and 9999 is a year that lists know
        days = {c: pd.Series(pd.to_datetime(frame[c]), dtype="datetime64[us]") for c in args["columns"]}
        fails = pd.Series(False, index=frame.index)
        for first, then in combinations(args["columns"], 2):
            fails |= days[first] > days[then]
        return fails

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """See `RowsFail`."""
        days: list[sa.ColumnClause[Any]] = [sa.column(c) for c in args["columns"]]
        return sa.func.coalesce(sa.or_(*(first > then for first, then in combinations(days, 2))), sa.false())

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        fails = F.lit(False)
        for first, then in combinations((F.col(f"`{c}`") for c in args["columns"]), 2):
            fails = fails | F.coalesce(first > then, F.lit(False))
        return fails


class DatesNearDelivery(ColumnMapMetricProvider):  # type: ignore[misc]
    """Metric: whether a date lies within so many days before and after a given one."""

    condition_metric_name = "column_values.near_delivery"
    condition_value_keys = ("days_before", "days_after", "as_of")

    @column_condition_partial(engine=PandasExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _pandas(cls, column: pd.Series[Any], **args: Any) -> pd.Series[bool]:
        earliest, latest = _given(args)
        days = pd.Series(pd.to_datetime(column), dtype="datetime64[us]").dt.normalize()
        within = pd.Series(True, index=days.index)
        if earliest:
            within &= days >= pd.Timestamp(earliest)
        return within & (days <= pd.Timestamp(latest)) if latest else within

    @column_condition_partial(engine=SqlAlchemyExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _sqlalchemy(cls, column: sa.ColumnElement[Any], **args: Any) -> sa.ColumnElement[bool]:
        earliest, latest = _given(args)
        day: sa.ColumnElement[Any] = sa.cast(column, sa.Date())
        bounds = [day >= earliest] if earliest else []
        return sa.and_(*bounds, *([day <= latest] if latest else []))

    @column_condition_partial(engine=SparkDFExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _spark(cls, column: Any, **args: Any) -> Any:
        earliest, latest = _given(args)
        within, day = F.lit(True), F.to_date(column)
        if earliest:
            within = within & (day >= F.lit(earliest))
        return within & (day <= F.lit(latest)) if latest else within


def _given(args: Mapping[str, Any]) -> tuple[dt.date | None, dt.date | None]:
    """The first and the last day, from an `as_of` that is given."""
    if not args.get("as_of"):
        raise ValueError(
            "the day a delivery speaks for is known to the gate only; here say in `as_of` which day counts"
        )
    as_of = dt.datetime.fromisoformat(str(args["as_of"])).date()
    return earliest_and_latest(as_of, args.get("days_before"), args.get("days_after"))


def earliest_and_latest(
    day: dt.date, days_before: int | None, days_after: int | None
) -> tuple[dt.date | None, dt.date | None]:
    """The days around one that are near enough; None = without end.

    >>> earliest_and_latest(dt.date(2026, 3, 31), 0, None)
    (datetime.date(2026, 3, 31), None)
    """
    return (
        None if days_before is None else day - dt.timedelta(days=days_before),
        None if days_after is None else day + dt.timedelta(days=days_after),
    )


class ExpectDatesToBeInOrder(Described, MulticolumnMapExpectation):  # type: ignore[misc]
    """Expect the dates of a row to follow each other: applied, screened, interviewed, offered, hired.

    ExpectDatesToBeInOrder is a Multicolumn Map Expectation: a row fails in which a date lies before one that is named
    earlier. Dates that are missing are passed over, so that a step that was left out breaks no order. The same day is
    in order.

    Args:
        columns (list of str): two or more columns with dates, in their order.

    Other Parameters:
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL, Spark.

    Example:
        applied 2026-03-01, interviewed empty, offered 2026-03-20 → passes
        applied 2026-03-01, interviewed 2026-03-25, offered 2026-03-20 → fails

        ExpectDatesToBeInOrder(columns=["applied_date", "interviewed_date", "offered_date"])
    """

    columns: list[str] = pydantic.Field(min_items=2)
    column_list: list[str] = pydantic.Field(default_factory=list)
    ignore_row_if: str = "all_values_are_missing"

    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.VALIDITY,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation")
    names_columns: ClassVar[Mapping[str, str | None]] = {"columns": "date"}
    map_metric: ClassVar[str] = "dates.in_order"
    success_keys: ClassVar[tuple[str, ...]] = ("columns", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("columns",)

    class Config:
        title = "Expect dates to be in order"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _fill_domain(cls, values: dict[str, Any]) -> dict[str, Any]:
        columns = list(values.get("columns") or [])
        if len(set(columns)) < len(columns):
            raise ValueError("columns names one column twice")
        return {**values, "column_list": columns, "ignore_row_if": "all_values_are_missing"}

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        columns, params = joined(kwargs["columns"], " ≤ ", "column")
        return f"{columns}, of the dates that are there", params


class ExpectDatesToBeNearDelivery(Described, ColumnMapExpectation):  # type: ignore[misc]
    """Expect dates to lie within so many days of the day that the delivery speaks for: still valid, not yet to come.

    ExpectDatesToBeNearDelivery is a Column Map Expectation: it is asked of every row with a value. The day is the one
    on which the delivery was received, in the client's time zone, or the last day of its period if that is earlier:
    so the same file is judged the same whenever it is replayed, and a file about last year by last year. Meant as a
    warning: what was in order when the list was printed need not be so when it arrives.

    Args:
        column (str): the column with the date.
        days_before (int or None): days before that day which the date may lie at most; 0 = it may not have passed,
            negative = it must lie so many days ahead. Default any.
        days_after (int or None): days after that day which the date may lie at most; 0 = it may not be still to come,
            negative = it must have passed so many days ago. Default any.

    Other Parameters:
        as_of (str or None): outside the gate: the day, ISO 8601, for lack of a delivery.
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL, Spark.

    Example:
        valid until 2026-11-02, received on 2026-11-02, days_before 0 → passes
        valid until 2026-11-01, received on 2026-11-02, days_before 0 → fails

        ExpectDatesToBeNearDelivery(column="valid_to_date", days_before=0)
    """

    days_before: int | None = None
    days_after: int | None = None
    as_of: str | None = None

    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.VALIDITY,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("column map expectation", "history")
    gate_kind: ClassVar[GateKind] = "group"
    names_columns: ClassVar[Mapping[str, str | None]] = {"column": "date"}
    map_metric: ClassVar[str] = "column_values.near_delivery"
    success_keys: ClassVar[tuple[str, ...]] = ("days_before", "days_after", "as_of", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "days_before", "days_after")

    class Config:
        title = "Expect dates to be near delivery"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _some_bound(cls, values: dict[str, Any]) -> dict[str, Any]:
        before, after = values.get("days_before"), values.get("days_after")
        if before is None and after is None:
            raise ValueError("name days_before, days_after or both")
        if before is not None and after is not None and -before > after:
            raise ValueError(f"no day lies from {-before} to {after} days after another")
        return values

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        params = {"column": kwargs["column"], "as_of": str(kwargs.get("as_of") or "the day of the delivery")}
        bounds = []
        for name, word in (("days_before", "before"), ("days_after", "after")):
            if kwargs.get(name) is not None:
                params[name] = str(kwargs[name])
                bounds.append(f"at most ${name} days {word}")
        return f"values of $column may lie {' and '.join(bounds)} $as_of", params
