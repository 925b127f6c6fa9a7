"""Codes that begin with another one: a UN/LOCODE with its country."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pandas as pd
import sqlalchemy as sa
from great_expectations.compatibility import pydantic
from great_expectations.compatibility.pyspark import functions as F
from great_expectations.expectations.expectation import MulticolumnMapExpectation
from great_expectations.expectations.metadata_types import DataQualityIssues

from pipelines.validate.expectations.conditions import RowsFail
from pipelines.validate.expectations.described import Described, add_metadata, metadata


class ValuesStart(RowsFail):
    """Metric: rows whose value does not begin with that of another column."""

    condition_metric_name = "values.start_with"
    condition_value_keys: ClassVar[tuple[str, ...]] = ("column", "start")

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        pairs = zip(frame[args["column"]], frame[args["start"]], strict=True)
        return pd.Series([not str(v).startswith(str(s)) for v, s in pairs], index=frame.index, dtype=bool)

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """See `RowsFail`."""
        value: sa.ColumnElement[Any] = sa.column(args["column"])
        start: sa.ColumnElement[Any] = sa.column(args["start"])
        return sa.func.coalesce(sa.not_(sa.func.starts_with(value, start)), sa.false())

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        value, start = (F.col(f"`{args[name]}`") for name in ("column", "start"))
        return F.coalesce(~value.startswith(start), F.lit(False))


class ExpectValuesToStartWith(Described, MulticolumnMapExpectation):  # type: ignore[misc]
    """Expect the values of a column to begin with those of another one: a UN/LOCODE with the code of its country.

    ExpectValuesToStartWith is a Multicolumn Map Expectation: it is asked of every row that has both. Capital and small
    letters differ.

    Args:
        column (str): the column with the longer code.
        start (str): the column with what it must begin with.

    Other Parameters:
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL, Spark.

    Example:
        DEHAM, DE → passes
        DEHAM, DK → fails

        ExpectValuesToStartWith(column="ship_to_location_code", start="ship_to_country_code")
    """

    column: str
    start: str
    column_list: list[str] = pydantic.Field(default_factory=list)
    ignore_row_if: str = "any_value_is_missing"

    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.VALIDITY,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "logistics")
    names_columns: ClassVar[Mapping[str, str | None]] = {"column": "text", "start": "text"}
    map_metric: ClassVar[str] = "values.start_with"
    success_keys: ClassVar[tuple[str, ...]] = ("column", "start", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "start")

    class Config:
        title = "Expect values to start with"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _fill_domain(cls, values: dict[str, Any]) -> dict[str, Any]:
        named = [values[name] for name in ("column", "start") if values.get(name)]
        if len(set(named)) < len(named):
            raise ValueError(f"column and start are both {named[0]!r}")
        return {**values, "column_list": named, "ignore_row_if": "any_value_is_missing"}

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        return "values of $column must begin with $start", {name: kwargs[name] for name in ("column", "start")}
