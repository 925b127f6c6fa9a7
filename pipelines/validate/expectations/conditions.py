"""The metric of an expectation about several columns, on three engines: a subclass says which rows fail.

Great Expectations has decorators for conditions on the columns of `column_list` only; ours need other columns of the
row, so they are metric partials, each given the rows of its domain (row condition and `ignore_row_if` applied).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NoReturn

import pandas as pd
import sqlalchemy as sa
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.execution_engine import (
    PandasExecutionEngine,
    SparkDFExecutionEngine,
    SqlAlchemyExecutionEngine,
)
from great_expectations.expectations.metrics.map_metric_provider import MulticolumnMapMetricProvider
from great_expectations.expectations.metrics.metric_provider import metric_partial
from great_expectations.util import get_sqlalchemy_selectable

_DOMAIN = MetricDomainTypes.MULTICOLUMN


def _domain(engine: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """Rows of a domain, and its arguments in two parts as the engine's own `get_compute_domain` splits them; that one
    refuses a list of one column, and a group may be named by one."""
    compute = {name: value for name, value in kwargs.items() if name != "column_list"}
    return engine.get_domain_records(domain_kwargs=kwargs), compute, {"column_list": kwargs["column_list"]}


class RowsFail(MulticolumnMapMetricProvider):  # type: ignore[misc]
    """Base: a subclass names its metric and defines the failing rows of a domain on each engine."""

    condition_domain_keys: ClassVar[tuple[str, ...]] = (
        "batch_id", "table", "column_list", "row_condition", "condition_parser", "ignore_row_if",
    )  # fmt: skip

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """Mask of the failing rows."""
        raise NotImplementedError

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """SQL that is true for a failing row of `rows`; it must be so wherever the domain's filters are not applied."""
        raise NotImplementedError

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """Spark column that is true for a failing row; may be a window function."""
        raise NotImplementedError

    @metric_partial(  # type: ignore[misc,untyped-decorator,unused-ignore]
        engine=PandasExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.MAP_CONDITION_SERIES,
        domain_type=_DOMAIN,
    )
    def _pandas(
        cls, execution_engine: Any, metric_domain_kwargs: dict[str, Any], metric_value_kwargs: dict[str, Any], **_: Any
    ) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        frame, compute, accessor = _domain(execution_engine, metric_domain_kwargs)
        return cls.on_pandas(frame, metric_value_kwargs), compute, accessor

    @metric_partial(  # type: ignore[misc,untyped-decorator,unused-ignore]
        engine=SqlAlchemyExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.MAP_CONDITION_FN,
        domain_type=_DOMAIN,
    )
    def _sqlalchemy(
        cls, execution_engine: Any, metric_domain_kwargs: dict[str, Any], metric_value_kwargs: dict[str, Any], **_: Any
    ) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        rows, compute, accessor = _domain(execution_engine, metric_domain_kwargs)
        aliased = get_sqlalchemy_selectable(rows).alias("judged")
        return cls.on_sql(aliased, metric_value_kwargs), compute, accessor

    @metric_partial(  # type: ignore[misc,untyped-decorator,unused-ignore]
        engine=SparkDFExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.WINDOW_CONDITION_FN,
        domain_type=_DOMAIN,
    )
    def _spark(
        cls, execution_engine: Any, metric_domain_kwargs: dict[str, Any], metric_value_kwargs: dict[str, Any], **_: Any
    ) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        data, compute, accessor = _domain(execution_engine, metric_domain_kwargs)
        return cls.on_spark(data, metric_value_kwargs), compute, accessor


class GateOnly(RowsFail):
    """Metric of a rule that needs another feed: outside the gate it says so."""

    @classmethod
    def _refuse(cls, args: Mapping[str, Any]) -> NoReturn:
        raise ValueError(
            f"what is in {args['feed']} is known to the gate only: bring the rows as a delivery, or on a database "
            "write the comparison as a query of your own"
        )

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        cls._refuse(args)

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """See `RowsFail`."""
        cls._refuse(args)

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        cls._refuse(args)
