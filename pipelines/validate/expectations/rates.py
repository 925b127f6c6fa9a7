"""Numbers that a declared list allows on a day: tax rates by law."""

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

_STEP = 0.00005
"""Half of the smallest step of a rate: floats of one rate are nearer than that."""


class ValuesNotListed(RowsFail):
    """Metric: rows whose value is none that the newest entry for them, not after their date, allows."""

    condition_metric_name = "values.not_listed"
    condition_value_keys: ClassVar[tuple[str, ...]] = ("column", "date", "entries", "match")

    @staticmethod
    def _spans(args: Mapping[str, Any]) -> Iterator[tuple[list[Any], dt.date, dt.date | None, list[float]]]:
        """(values of the columns in `match`, first day, day after the last one, what is allowed)."""
        for key, entries in dated_lists.lists(args["entries"], args["match"], "allowed"):
            ends = [*(day for day, _ in entries[1:]), None]
            for (start, allowed), end in zip(entries, ends, strict=True):
                yield key, start, end, allowed

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        values = pd.to_numeric(frame[args["column"]]).to_numpy(dtype="float64")
        days = pd.to_datetime(frame[args["date"]]).to_numpy(dtype="datetime64[D]")
        fails = np.zeros(len(frame), dtype=bool)
        for key, start, end, allowed in cls._spans(args):
            held = days >= np.datetime64(start)
            if end:
                held &= days < np.datetime64(end)
            for column, value in zip(args["match"], key, strict=True):
                held &= (frame[column] == value).to_numpy(dtype=bool)
            for rate in allowed:
                held &= np.abs(values - rate) >= _STEP
            fails |= held
        return pd.Series(fails, index=frame.index, dtype=bool)

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """See `RowsFail`."""
        value, day = sa.cast(sa.column(args["column"]), sa.Numeric()), sa.cast(sa.column(args["date"]), sa.Date())
        wrong: list[sa.ColumnElement[bool]] = []
        for key, start, end, allowed in cls._spans(args):
            held = [sa.column(c) == v for c, v in zip(args["match"], key, strict=True)]
            held.append(day >= sa.literal(start, sa.Date()))
            held += [day < sa.literal(end, sa.Date())] if end else []
            rates = [sa.literal(Decimal(str(rate)), sa.Numeric()) for rate in allowed]
            wrong.append(sa.and_(*held, value.not_in(rates)))
        return sa.func.coalesce(sa.or_(*wrong), sa.false())

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        value, day, fails = F.col(f"`{args['column']}`").cast("double"), F.col(f"`{args['date']}`"), F.lit(False)
        for key, start, end, allowed in cls._spans(args):
            held = day >= F.lit(start)
            if end:
                held = held & (day < F.lit(end))
            for column, wanted in zip(args["match"], key, strict=True):
                held = held & (F.col(f"`{column}`") == F.lit(wanted))
            for rate in allowed:
                held = held & (F.abs(value - F.lit(float(rate))) >= F.lit(_STEP))
            fails = fails | held
        return F.coalesce(fails, F.lit(False))


class ExpectValuesToBeListed(Described, MulticolumnMapExpectation):  # type: ignore[misc]
    """Expect a number to be one that a declared list allows on the day: a tax rate by law.

    ExpectValuesToBeListed is a Multicolumn Map Expectation: it is asked of every row. Of the entries for a row's values
    the newest one counts whose `valid_from` is not after the row's date. A row that no entry is for, or that lacks one
    of the columns, is not judged: nobody said what it may be.

    Args:
        column (str): the column with the number, e.g. the rate.
        date (str): the column with the day it is for.
        entries (list of dict): entries of `valid_from` (ISO date), `allowed` (list of numbers), a value for each column
            of `match`, and if you like the `law` that says so.
        match (list of str): columns whose values say which entries are for a row, e.g. country and kind of tax.

    Other Parameters:
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL, Spark.

    Example:
        DE standard 16 % from 2020-07-01 → passes
        DE standard 19 % from 2020-07-01 → fails

        ExpectValuesToBeListed(
            column="rate_pct", date="valid_from_date", match=["country_code", "tax_kind_code"],
            entries=[{"country_code": "DE", "tax_kind_code": "standard", "valid_from": "2020-07-01", "allowed": [16]}],
        )
    """

    column: str
    date: str
    entries: list[dict[str, Any]] = pydantic.Field(min_items=1)
    match: list[str] = pydantic.Field(min_items=1)
    column_list: list[str] = pydantic.Field(default_factory=list)
    ignore_row_if: str = "any_value_is_missing"

    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.NUMERIC,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation")
    names_columns: ClassVar[Mapping[str, str | None]] = {"column": "number", "date": "date", "match": None}
    map_metric: ClassVar[str] = "values.not_listed"
    success_keys: ClassVar[tuple[str, ...]] = (*ValuesNotListed.condition_value_keys, "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ValuesNotListed.condition_value_keys

    class Config:
        title = "Expect values to be listed"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _fill_domain(cls, values: dict[str, Any]) -> dict[str, Any]:
        return dated_lists.with_domain(values)

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _entries_are_whole(cls, values: dict[str, Any]) -> dict[str, Any]:
        dated_lists.check_entries(values, "entries", "allowed", _problem)
        return values

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        by, params = joined(kwargs["match"], ", ", "match")
        params |= {"column": kwargs["column"], "date": kwargs["date"], "entries": str(len(kwargs["entries"]))}
        return f"$column must be one that holds on $date by {by}, of $entries entries", params


def _problem(allowed: Any) -> str:
    if not isinstance(allowed, list) or not allowed:
        return f"allows {allowed!r}, expected a list of numbers"
    return "" if all(map(dated_lists.is_number, allowed)) else f"allows {allowed!r}, expected numbers"
