"""Identities within a row: columns add up to a total, quantity × price gives the amount."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any, ClassVar

import pandas as pd
import sqlalchemy as sa
from great_expectations.compatibility import pydantic
from great_expectations.compatibility.pyspark import functions as F
from great_expectations.expectations.expectation import MulticolumnMapExpectation
from great_expectations.expectations.metadata_types import DataQualityIssues

from pipelines.validate.expectations.conditions import RowsFail
from pipelines.validate.expectations.described import Described, add_metadata, joined, metadata
from pipelines.validate.expectations.exact import pandas_units, spark_number, sql_number

EXACT = ".minor"
"""Suffix of the int64 columns, in minor units, that `views.frame` adds for identities."""

_NOISE = 1e-9  # share of the total that float arithmetic may be off by; far below any tolerance


class ColumnsAddUp(RowsFail):
    """Metric: rows whose columns do not add up to the total. Uses the gate's int64 companions where there are some."""

    condition_metric_name = "columns.add_up"
    condition_value_keys: ClassVar[tuple[str, ...]] = ("columns", "minus", "total", "decimals")

    @staticmethod
    def _off(number: Callable[[str], Any], args: dict[str, Any]) -> Any:
        """Where the sum is not the total; what is taken off counts on the side of the total."""
        return reduce(add, map(number, args["columns"])) != reduce(add, map(number, [args["total"], *_minus(args)]))

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        total = args["total"]
        if total + EXACT in frame.columns:
            exact: pd.Series[bool] = cls._off(lambda c: frame[c + EXACT], args)
            return exact
        units = pandas_units(frame, [*args["columns"], *_minus(args), total], args.get("decimals"))
        fails: pd.Series[bool] = cls._off(lambda c: units[c], args).astype(bool)
        return fails

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """See `RowsFail`."""
        named = (*args["columns"], *_minus(args), args["total"])
        whole = sa.and_(*(sa.column(c).is_not(None) for c in named))
        return sa.and_(whole, cls._off(lambda c: sql_number(c, args.get("decimals")), args))

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        return cls._off(lambda c: spark_number(data, c, args.get("decimals")), args)


def _minus(args: Mapping[str, Any]) -> list[str]:
    return list(args.get("minus") or [])


class ColumnProductMatches(RowsFail):
    """Metric: rows whose quantity × price is farther from the amount than allowed. In floats: it has a tolerance."""

    condition_metric_name = "columns.product_matches"
    condition_value_keys: ClassVar[tuple[str, ...]] = (
        "factors", "total", "less_pct", "tolerance_pct", "tolerance_amount", "price_step", "per",
    )  # fmt: skip

    @classmethod
    def _fails(cls, columns: Sequence[Any], args: dict[str, Any], size: Any, less: Any = 0) -> Any:
        """The comparison; `size` is the engine's absolute value, `less` the percentage that is taken off."""
        quantity, price, total = columns
        allowed = (
            size(quantity) * (args["price_step"] / 2 / args["per"])
            + size(total) * (args["tolerance_pct"] / 100 + _NOISE)
            + args["tolerance_amount"]
        )
        return ~(size(quantity * price / args["per"] * (1 - less / 100) - total) <= allowed)  # not a number fails

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        columns = [pd.to_numeric(frame[c]).astype("float64") for c in (*args["factors"], args["total"])]
        less = pd.to_numeric(frame[args["less_pct"]]).astype("float64").fillna(0) if args.get("less_pct") else 0
        fails: pd.Series[bool] = cls._fails(columns, args, abs, less)
        return fails

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """See `RowsFail`."""
        columns: list[Any] = [sa.cast(sa.column(c), sa.Double()) for c in (*args["factors"], args["total"])]
        taken = args.get("less_pct")
        less: Any = sa.func.coalesce(sa.cast(sa.column(taken), sa.Double()), 0) if taken else 0
        fails: sa.ColumnElement[bool] = cls._fails(columns, args, sa.func.abs, less)
        return fails

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        columns = [F.col(f"`{c}`").cast("double") for c in (*args["factors"], args["total"])]
        taken = args.get("less_pct")
        less = F.coalesce(F.col(f"`{taken}`").cast("double"), F.lit(0.0)) if taken else 0
        return cls._fails(columns, args, F.abs, less)


class _Columns(Described, MulticolumnMapExpectation):  # type: ignore[misc]
    """Common part: `column_list`, which Great Expectations asks for, follows from our own arguments."""

    column_list: list[str] = pydantic.Field(default_factory=list)
    ignore_row_if: str = "any_value_is_missing"

    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.NUMERIC,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "identity")

    @classmethod
    def _named(cls, values: dict[str, Any]) -> list[str]:
        raise NotImplementedError

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _fill_column_list(cls, values: dict[str, Any]) -> dict[str, Any]:
        return {**values, "column_list": cls._named(values)}


class ExpectColumnsToAddUp(_Columns):
    """Expect some columns to add up to a total, to the cent: net + tax = gross.

    ExpectColumnsToAddUp is a Multicolumn Map Expectation: it is asked of every row. Rows with a missing value among
    the columns are not judged. Sums are exact: 0.10 + 0.20 = 0.30 holds and a difference of one cent does not. In the
    gate all columns have one scale in the contract and are added in whole minor units.

    Args:
        columns (list of str): the columns to add.
        total (str): the column that must hold their sum.

    Other Parameters:
        minus (list of str or None): columns that are taken off the sum.
        decimals (int or None): places to round each value to first, for columns of floating-point numbers; refused
            in a suite, where the contract says the scale.
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL, Spark.

    Example:
        net_amount 100.00, tax_amount 19.00, gross_amount 119.00 → passes
        net_amount 100.00, tax_amount 18.99, gross_amount 119.00 → fails

        ExpectColumnsToAddUp(columns=["net_amount", "tax_amount"], total="gross_amount")
    """

    columns: list[str] = pydantic.Field(min_items=1)
    total: str
    minus: list[str] | None = None
    decimals: int | None = pydantic.Field(None, ge=0, le=9)

    map_metric: ClassVar[str] = "columns.add_up"
    success_keys: ClassVar[tuple[str, ...]] = ("columns", "minus", "total", "decimals", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("columns", "total")

    class Config:
        title = "Expect columns to add up"
        schema_extra = add_metadata

    @classmethod
    def _named(cls, values: dict[str, Any]) -> list[str]:
        return [*values.get("columns", []), *_minus(values), *([values["total"]] if "total" in values else [])]

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        parts, params = joined(kwargs["columns"], " + ", "part")
        for number, column in enumerate(_minus(kwargs)):
            parts, params[f"minus_{number}"] = f"{parts} − $minus_{number}", column
        return f"{parts} must equal $total, to the cent", {**params, "total": kwargs["total"]}


class ExpectColumnProductToMatch(_Columns):
    """Expect quantity × price to give the amount.

    ExpectColumnProductToMatch is a Multicolumn Map Expectation: it is asked of every row. The price is rounded by its
    source, so the product may be off by half a `price_step` (a cent) per unit of quantity: 3 000 packs at 0.12 may be
    345.00 to 375.00. `tolerance_amount` (half a cent, for the total's own rounding) and `tolerance_pct` (percent of
    the total) are added. Rows with a missing value are not judged.

    Args:
        factors (list of two str): quantity and price, in this order.
        total (str): the column that must hold their product.

    Other Parameters:
        less_pct (str or None): column with a discount in percent, which is taken off; empty = none.
        tolerance_pct (float): percent of the total it may be off by. Default 0.
        tolerance_amount (float): amount it may be off by. Default 0.005.
        price_step (float): smallest step the price is rounded to. Default 0.01.
        per (float): units that the price is for: 1000 where it is that of a thousand, 100 where it is a percentage.
            Default 1.
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL, Spark.

    Example:
        quantity 3000, price 0.12, amount 345.00 → passes (0.12 may have been 0.115)
        quantity 3000, price 0.12, amount 344.98 → fails

        ExpectColumnProductToMatch(factors=["line_quantity", "pack_price_amount"], total="line_amount")
    """

    factors: list[str] = pydantic.Field(min_items=2, max_items=2)
    total: str
    less_pct: str | None = None
    tolerance_pct: float = pydantic.Field(0.0, ge=0)
    tolerance_amount: float = pydantic.Field(0.005, ge=0)
    price_step: float = pydantic.Field(0.01, ge=0)
    per: float = pydantic.Field(1.0, gt=0)

    map_metric: ClassVar[str] = "columns.product_matches"
    success_keys: ClassVar[tuple[str, ...]] = (
        "factors", "total", "less_pct", "tolerance_pct", "tolerance_amount", "price_step", "per", "mostly",
    )  # fmt: skip
    args_keys: ClassVar[tuple[str, ...]] = ("factors", "total")

    class Config:
        title = "Expect column product to match"
        schema_extra = add_metadata

    @classmethod
    def _named(cls, values: dict[str, Any]) -> list[str]:
        return [*values.get("factors", []), *([values["total"]] if "total" in values else [])]

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        names = {"quantity": kwargs["factors"][0], "price": kwargs["factors"][1], "total": kwargs["total"]}
        names["step"] = str(kwargs.get("price_step", 0.01))
        template = "$quantity × $price must give $total; the price may be rounded to steps of $step"
        if (per := kwargs.get("per", 1)) != 1:
            names["per"] = f"{per:g}"
            template = template.replace("$price must", "$price / $per must")
        if less := kwargs.get("less_pct"):
            names["less"] = less
            template = template.replace(" must give", ", less $less %, must give")
        if pct := kwargs.get("tolerance_pct"):
            names["pct"] = f"{pct:g}"
            template += ", and $pct % more is tolerated"
        return template, names
