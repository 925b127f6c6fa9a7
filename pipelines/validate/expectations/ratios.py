"""One figure of a row beside another: kilograms to a cubic metre, what was shipped of what was ordered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pandas as pd
import sqlalchemy as sa
from great_expectations.compatibility import pydantic
from great_expectations.compatibility.pyspark import functions as F
from great_expectations.expectations.expectation import MulticolumnMapExpectation
from great_expectations.expectations.metadata_types import DataQualityIssues
from great_expectations.render.util import num_to_str

from pipelines.validate.expectations.conditions import RowsFail
from pipelines.validate.expectations.described import Described, add_metadata, joined, metadata


class ColumnRatioBetween(RowsFail):
    """Metric: rows whose quotient of two figures is outside the bounds. In floats: a quotient seldom ends."""

    condition_metric_name = "columns.ratio_between"
    condition_value_keys: ClassVar[tuple[str, ...]] = ("numerator", "denominator", "plus", "min_value", "max_value")

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        number = {c: pd.to_numeric(frame[c]).astype("float64") for c in _columns(args)}
        above = number[args["numerator"]]
        for column in args.get("plus") or []:
            above = above + number[column].fillna(0)
        below = number[args["denominator"]]
        ratio = above / below.where(below != 0)
        fails = pd.Series(False, index=frame.index)
        if args.get("min_value") is not None:
            fails |= ratio < args["min_value"]
        if args.get("max_value") is not None:
            fails |= ratio > args["max_value"]
        return fails.astype(bool)

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """See `RowsFail`."""

        def number(column: str) -> sa.ColumnElement[Any]:
            return sa.cast(sa.column(column), sa.Double())

        above = number(args["numerator"])
        for column in args.get("plus") or []:
            above = above + sa.func.coalesce(number(column), 0)
        ratio = above / sa.func.nullif(number(args["denominator"]), 0)
        outside = [
            *([ratio < args["min_value"]] if args.get("min_value") is not None else []),
            *([ratio > args["max_value"]] if args.get("max_value") is not None else []),
        ]
        return sa.func.coalesce(sa.or_(*outside), sa.false())

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""

        def number(column: str) -> Any:
            return F.col(f"`{column}`").cast("double")

        above, below = number(args["numerator"]), number(args["denominator"])
        for column in args.get("plus") or []:
            above = above + F.coalesce(number(column), F.lit(0.0))
        ratio, fails = above / F.when(below != 0, below), F.lit(False)
        if args.get("min_value") is not None:
            fails = fails | (ratio < args["min_value"])
        if args.get("max_value") is not None:
            fails = fails | (ratio > args["max_value"])
        return F.coalesce(fails, F.lit(False))


def _columns(args: Mapping[str, Any]) -> list[str]:
    return [args["numerator"], *(args.get("plus") or []), args["denominator"]]


class ExpectColumnRatioToBeBetween(Described, MulticolumnMapExpectation):  # type: ignore[misc]
    """Expect one figure, divided by another one of the row, to lie between two bounds.

    ExpectColumnRatioToBeBetween is a Multicolumn Map Expectation: it is asked of every row that has both figures. It
    is for what is plausible only beside something else, density, and for quantities that may be exceeded a little:
    1.1 times what was ordered. A row that would be divided by zero is not called wrong; let another rule say that.

    Args:
        numerator (str): the column that is divided.
        denominator (str): the column it is divided by.

    Other Parameters:
        plus (list of str or None): columns that are added to the numerator first; a missing value counts as 0.
        min_value, max_value (float or None): the bounds, both included; at least one of them.
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL, Spark.

    Example:
        shipped 110, ordered 100, max_value 1.1 → passes
        shipped 111, ordered 100, max_value 1.1 → fails

        ExpectColumnRatioToBeBetween(numerator="shipped_quantity", denominator="ordered_quantity", max_value=1.1)
    """

    numerator: str
    denominator: str
    plus: list[str] | None = None
    min_value: float | None = None
    max_value: float | None = None
    column_list: list[str] = pydantic.Field(default_factory=list)
    ignore_row_if: str = "any_value_is_missing"

    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.NUMERIC,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "logistics")
    names_columns: ClassVar[Mapping[str, str | None]] = {
        "numerator": "number", "plus": "number", "denominator": "number",
    }  # fmt: skip
    map_metric: ClassVar[str] = "columns.ratio_between"
    success_keys: ClassVar[tuple[str, ...]] = (*ColumnRatioBetween.condition_value_keys, "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("numerator", "denominator", "min_value", "max_value")

    class Config:
        title = "Expect column ratio to be between"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _fill_domain(cls, values: dict[str, Any]) -> dict[str, Any]:
        named = [values[name] for name in ("numerator", "denominator") if values.get(name)]
        if values.get("denominator") in [values.get("numerator"), *(values.get("plus") or [])]:
            raise ValueError(f"{values['denominator']!r} is divided by itself")
        low, high = values.get("min_value"), values.get("max_value")
        if low is None and high is None:
            raise ValueError("name a bound: min_value, max_value or both")
        if low is not None and high is not None and low > high:
            raise ValueError(f"min_value {low} is above max_value {high}")
        return {**values, "column_list": named, "ignore_row_if": "any_value_is_missing"}

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        parts, params = joined([kwargs["numerator"], *(kwargs.get("plus") or [])], " + ", "part")
        params["below"] = kwargs["denominator"]
        bounds = []
        for name, said in (("min_value", "at least"), ("max_value", "at most")):
            if kwargs.get(name) is not None:
                params[name] = num_to_str(kwargs[name], no_scientific=True)
                bounds.append(f"{said} ${name}")
        whole = f"({parts})" if kwargs.get("plus") else parts
        return f"{whole} / $below must be {' and '.join(bounds)}", params
