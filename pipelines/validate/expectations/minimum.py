"""Values that may not be below what a declared list says for the day: minimum wages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import sqlalchemy as sa
from great_expectations.compatibility import pydantic
from great_expectations.compatibility.pyspark import functions as F
from great_expectations.expectations.expectation import MulticolumnMapExpectation
from great_expectations.expectations.metadata_types import DataQualityIssues

from pipelines.validate.expectations import dated_lists
from pipelines.validate.expectations.conditions import RowsFail
from pipelines.validate.expectations.described import Described, add_metadata, joined, metadata


class BelowMinimum(RowsFail):
    """Metric: rows whose value is below the newest entry for them that is not after their date. In floats: a bound."""

    condition_metric_name = "values.below_minimum"
    condition_value_keys: ClassVar[tuple[str, ...]] = ("column", "date", "minimums", "match")

    @staticmethod
    def _lists(args: Mapping[str, Any]) -> Iterator[tuple[list[Any], list[tuple[dt.date, float]]]]:
        yield from dated_lists.lists(args["minimums"], args["match"], "minimum")

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        values = pd.to_numeric(frame[args["column"]]).to_numpy(dtype="float64")
        days = pd.to_datetime(frame[args["date"]]).to_numpy(dtype="datetime64[D]")
        fails = np.zeros(len(frame), dtype=bool)
        for key, entries in cls._lists(args):
            for_them = np.ones(len(frame), dtype=bool)
            for column, value in zip(args["match"], key, strict=True):
                for_them &= (frame[column] == value).to_numpy(dtype=bool)
            starts = np.array([day for day, _ in entries], dtype="datetime64[D]")
            # before the first entry nothing is too little
            least = np.array([-np.inf, *(minimum for _, minimum in entries)])
            fails |= for_them & (values < least[np.searchsorted(starts, days, side="right")])
        return pd.Series(fails, index=frame.index, dtype=bool)

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """See `RowsFail`."""
        value, day = sa.cast(sa.column(args["column"]), sa.Numeric()), sa.cast(sa.column(args["date"]), sa.Date())
        known: list[tuple[sa.ColumnElement[bool], sa.ColumnElement[Any]]] = []
        for key, entries in cls._lists(args):
            for_them = [sa.column(c) == v for c, v in zip(args["match"], key, strict=True)]
            for start, minimum in reversed(entries):
                bound = sa.literal(Decimal(str(minimum)), sa.Numeric())
                known.append((sa.and_(*for_them, day >= sa.literal(start, sa.Date())), bound))
        return value < sa.case(*known)

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        value, day, least = F.col(f"`{args['column']}`").cast("double"), F.col(f"`{args['date']}`"), F
        for key, entries in cls._lists(args):
            for start, minimum in reversed(entries):
                holds = day >= F.lit(start)
                for column, wanted in zip(args["match"], key, strict=True):
                    holds = holds & (F.col(f"`{column}`") == F.lit(wanted))
                least = least.when(holds, F.lit(float(minimum)))
        return F.coalesce(value < least, F.lit(False))


class ExpectValuesToReachMinimum(Described, MulticolumnMapExpectation):  # type: ignore[misc]
    """Expect a value to reach the minimum that a declared list has for the day: the wage by law.

    ExpectValuesToReachMinimum is a Multicolumn Map Expectation: it is asked of every row. Of the entries for a row's
    values the newest one counts whose `valid_from` is not after the row's date. A row that no entry is for, or that
    lacks one of the columns, is not judged: nobody said what its minimum is.

    Args:
        column (str): the column with the value, e.g. pay per hour.
        date (str): the column with the day it is for.
        minimums (list of dict): entries of `valid_from` (ISO date), `minimum` (number), a value for each column of
            `match`, and if you like the `law` that says so.
        match (list of str): columns whose values say which entries are for a row, e.g. country and currency.

    Other Parameters:
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL, Spark.

    Example:
        USD 7.25 on 2026-01-31 → passes
        USD 7.2499 on 2026-01-31 → fails
        EUR 5.00 on 2026-01-31 → not judged, as no entry is in EUR

        ExpectValuesToReachMinimum(
            column="pay_rate", date="period_start_date", match=["currency_code"],
            minimums=[{"currency_code": "USD", "valid_from": "2009-07-24", "minimum": 7.25, "law": "29 USC 206"}],
        )
    """

    column: str
    date: str
    minimums: list[dict[str, Any]] = pydantic.Field(min_items=1)
    match: list[str] = pydantic.Field(min_items=1)
    column_list: list[str] = pydantic.Field(default_factory=list)
    ignore_row_if: str = "any_value_is_missing"

    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.NUMERIC,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation")
    names_columns: ClassVar[Mapping[str, str | None]] = {"column": "number", "date": "date", "match": None}
    map_metric: ClassVar[str] = "values.below_minimum"
    success_keys: ClassVar[tuple[str, ...]] = (*BelowMinimum.condition_value_keys, "mostly")
    args_keys: ClassVar[tuple[str, ...]] = BelowMinimum.condition_value_keys

    class Config:
        title = "Expect values to reach minimum"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _fill_domain(cls, values: dict[str, Any]) -> dict[str, Any]:
        return dated_lists.with_domain(values)

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _entries_are_whole(cls, values: dict[str, Any]) -> dict[str, Any]:
        dated_lists.check_entries(values, "minimums", "minimum", _problem)
        return values

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        by, params = joined(kwargs["match"], ", ", "match")
        params |= {"column": kwargs["column"], "date": kwargs["date"], "entries": str(len(kwargs["minimums"]))}
        return f"$column must reach the minimum that holds on $date by {by}, one of $entries entries", params


def _problem(minimum: Any) -> str:
    return "" if dated_lists.is_number(minimum) else f"has the minimum {minimum!r}, expected a number"
