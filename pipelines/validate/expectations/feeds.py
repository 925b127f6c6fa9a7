"""Values that must occur in another feed of the client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pandas as pd
import sqlalchemy as sa
from great_expectations.compatibility import pydantic
from great_expectations.execution_engine import (
    PandasExecutionEngine,
    SparkDFExecutionEngine,
    SqlAlchemyExecutionEngine,
)
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metadata_types import DataQualityIssues
from great_expectations.expectations.metrics.map_metric_provider import ColumnMapMetricProvider
from great_expectations.expectations.metrics.map_metric_provider.column_condition_partial import (
    column_condition_partial,
)

from pipelines.validate.expectations.described import Described, GateKind, add_metadata, metadata

_Word = str | bool | int | float


class ColumnValuesInFeed(ColumnMapMetricProvider):  # type: ignore[misc]
    """Metric: whether a value occurs in a list, or in a column of a table that the database can reach."""

    condition_metric_name = "column_values.in_feed"
    condition_value_keys = ("feed", "feed_column", "known_values", "feed_table", "where", "given")

    @staticmethod
    def _listed(args: Mapping[str, Any]) -> list[Any]:
        if args.get("known_values") is None:
            raise ValueError(
                f"what is in {args['feed']} is known to the gate only; here name the values in `known_values`, or on "
                "PostgreSQL a table with them in `feed_table`"
            )
        return list(args["known_values"])

    @column_condition_partial(engine=PandasExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _pandas(cls, column: pd.Series[Any], **args: Any) -> pd.Series[bool]:
        return column.isin(cls._listed(args))

    @column_condition_partial(engine=SqlAlchemyExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _sqlalchemy(cls, column: sa.ColumnElement[Any], **args: Any) -> sa.ColumnElement[bool]:
        if not args.get("feed_table"):
            return column.in_(cls._listed(args))
        schema, _, name = str(args["feed_table"]).rpartition(".")
        where, wanted = dict(args.get("where") or {}), args["feed_column"]
        given = list(args.get("given") or [])
        columns: list[sa.ColumnClause[Any]] = [sa.column(c) for c in dict.fromkeys([wanted, *where, *given])]
        known = sa.table(name, *columns, schema=schema or None).alias("known")
        found = sa.select(known.c[wanted]).where(known.c[wanted].is_not(None))
        found = found.where(
            *(known.c[c] == value for c, value in where.items()), *(known.c[c].is_not(None) for c in given)
        )
        return column.in_(found.correlate(None))

    @column_condition_partial(engine=SparkDFExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _spark(cls, column: Any, **args: Any) -> Any:
        return column.isin(cls._listed(args))


class ExpectColumnValuesToBeInFeed(Described, ColumnMapExpectation):  # type: ignore[misc]
    """Expect the values of a column to occur in another feed of the same client.

    ExpectColumnValuesToBeInFeed is a Column Map Expectation: it is asked of every row with a value; rows without one
    pass. It is for references that the contract does not state, that hold under a condition, or that only warn. The
    gate compares with the rows of the other feed that are current when the delivery is judged; a feed that the client
    does not deliver is not compared with, and the result says so. Feeds are loaded in the order of the contracts'
    references, so `check` refuses a critical rule of this kind between feeds that the contracts put in no order.

    Args:
        column (str): the column whose values are looked up.
        feed (str): the other feed, `domain.feed`.
        feed_column (str): the column of that feed they must occur in.

    Other Parameters:
        where (dict or None): columns of the other feed → value they must have, e.g. {"is_current": true}.
        given (list or None): columns of the other feed that must have a value, e.g. ["email"].
        same_period (bool): only rows of the delivery's own period count. Default false.
        known_values (list or None): outside the gate, on any engine: the values, for lack of the other feed.
        feed_table (str or None): outside the gate, on PostgreSQL: `schema.table` that holds the other feed.
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL, Spark.

    Example:
        employee_id 00017, on the register → passes
        employee_id 00018, on the register, left last year, where {"is_current": true} → fails

        ExpectColumnValuesToBeInFeed(column="employee_id", feed="people.employees", feed_column="employee_id")
    """

    feed: str
    feed_column: str
    where: dict[str, _Word] | None = None
    given: list[str] | None = None
    same_period: bool = False
    known_values: list[_Word] | None = None
    feed_table: str | None = None

    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.MULTI_SOURCE,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("column map expectation", "reference")
    gate_kind: ClassVar[GateKind] = "reference"
    map_metric: ClassVar[str] = "column_values.in_feed"
    success_keys: ClassVar[tuple[str, ...]] = (
        "feed", "feed_column", "where", "given", "same_period", "known_values", "feed_table", "mostly",
    )  # fmt: skip
    args_keys: ClassVar[tuple[str, ...]] = ("column", "feed", "feed_column")

    class Config:
        title = "Expect column values to be in feed"
        schema_extra = add_metadata

    @pydantic.validator("feed")  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _feed_has_a_domain(cls, value: str) -> str:
        if value.count(".") != 1:
            raise ValueError(f"feed is {value!r}, expected domain.feed")
        return value

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        params = {"column": kwargs["column"], "known": f"{kwargs['feed']}.{kwargs['feed_column']}"}
        template = "values of $column must occur in $known"
        if where := kwargs.get("where"):
            params["where"] = " and ".join(f"{c} = {v}" for c, v in where.items())
            template += " where $where"
        if given := kwargs.get("given"):
            params["given"] = " and ".join(given)
            template += ", with $given"
        return template + (", for the same period" if kwargs.get("same_period") else ""), params
