"""Sums that may not be larger than a limit: hours of a day, of a week, against the law and against the contract."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, Literal

import pandas as pd
import sqlalchemy as sa
from great_expectations.compatibility import pydantic
from great_expectations.compatibility.pyspark import functions as F
from great_expectations.render.util import num_to_str

from pipelines.validate.expectations.conditions import RowsFail
from pipelines.validate.expectations.described import add_metadata, joined, metadata
from pipelines.validate.expectations.exact import pandas_units, spark_number, sql_number
from pipelines.validate.expectations.groups import in_broken_group, spark_window
from pipelines.validate.expectations.matches import said_where
from pipelines.validate.expectations.together import Together

_LIMIT_OF = {
    "feed": True, "match": True, "column": True, "factor": False, "less": False, "over_pct": False, "added_up": False,
    "where": False,
}  # fmt: skip
"""What `limit_of` may say, and whether it must."""
_UNITS = {"product": True, "unit": True, "feed_product": True, "feed_unit": True}
"""What `units` says, all of it."""
_MOST = "_most"


class GroupSumsAtMost(RowsFail):
    """Metric: rows of groups whose sum is above the limit."""

    condition_metric_name = "groups.sum_at_most"
    condition_value_keys: ClassVar[tuple[str, ...]] = (
        "group", "column", "less", "most", "date", "per", "limit_of", "units", "decimals",
    )  # fmt: skip

    @staticmethod
    def _most(args: Mapping[str, Any]) -> Decimal:
        if args.get("limit_of"):
            raise ValueError(
                f"limit_of: {args['limit_of']['column']} is a column of {args['limit_of']['feed']}, which only the "
                "gate can look up; here say one limit in `most`, and leave out `limit_of`"
            )
        return Decimal(str(args["most"]))

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        most = cls._most(args)
        if frame.empty:
            return pd.Series(False, index=frame.index)
        named = [args["column"], *([args["less"]] if args.get("less") else [])]
        both = frame[named].copy()
        both[_MOST] = pd.Series([most] * len(frame), index=frame.index, dtype=object)
        units = pandas_units(both, [*named, _MOST], args.get("decimals"))
        amounts = units[named[0]] - units[named[1]] if args.get("less") else units[named[0]]
        keys: list[Any] = [frame[c] for c in args["group"]]
        if args.get("per"):
            # microseconds: nanoseconds end in 2262, and 9999 is a year that lists know
            days = pd.Series(pd.to_datetime(frame[args["date"]]), dtype="datetime64[us]").dt.normalize()
            if args["per"] == "week":
                days -= pd.to_timedelta(days.dt.dayofweek, unit="D")
            elif args["per"] == "month":
                days -= pd.to_timedelta(days.dt.day - 1, unit="D")
            keys.append(days)
        sums = amounts.groupby(keys, sort=False).transform("sum")
        fails: pd.Series[bool] = (sums > units[_MOST]).astype(bool)
        return fails

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """See `RowsFail`."""
        most, keys = cls._most(args), list[str | sa.ColumnElement[Any]](args["group"])
        if args.get("per"):
            unit: sa.ColumnElement[str] = sa.literal_column(f"'{args['per']}'")  # a parameter would not group alike
            keys.append(sa.func.date_trunc(unit, sa.cast(sa.column(args["date"]), sa.DateTime())))
        amount = sql_number(args["column"], args.get("decimals"))
        if args.get("less"):
            amount -= sql_number(args["less"], args.get("decimals"))
        total = sa.func.sum(amount)
        return in_broken_group(rows, keys, total > sa.literal(most, sa.Numeric()))

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        most, keys = cls._most(args), [F.col(f"`{c}`") for c in args["group"]]
        if args.get("per"):
            day = F.col(f"`{args['date']}`")
            keys.append(F.to_date(day) if args["per"] == "day" else F.trunc(day, args["per"]))
        amount = spark_number(data, args["column"], args.get("decimals"))
        if args.get("less"):
            amount = amount - spark_number(data, args["less"], args.get("decimals"))
        return F.sum(amount).over(spark_window(keys)) > F.lit(most)


class ExpectGroupSumsToBeAtMost(Together):
    """Expect the sum of every group to be no larger than a limit: hours of a person and day, of a person and week.

    ExpectGroupSumsToBeAtMost is a Multicolumn Map Expectation: all rows of a group whose sum is above the limit fail.
    In the gate what is current of the client in the warehouse and stays so beside the delivery counts as well: hours
    that come in several files are hours of one day. Rows without a value in one of the group's columns, or without
    the date, are not judged; a missing value counts as 0, and a negative one takes back. Name the currency in `group`
    where amounts are added, so that no sum mixes them.

    Args:
        group (list of str): columns that together name a group, e.g. the employee.
        column (str): the column that is added up.
        most (number): the limit; a sum that equals it passes. May be left out where `limit_of` is given.

    Other Parameters:
        date (str or None): the column with the day; goes together with `per`.
        per (str or None): day, week (from Monday, ISO 8601) or month: each is a group of its own.
        less (str or None): a column that is taken off: what of a quantity was refused.
        limit_of (dict or None): the limit is a figure of another feed. It counts instead of `most`; where there is
            none, `most` does, and a group with neither is not called too large. Only the gate can look it up.
            feed (str), match (dict: own column of `group` → column of that feed), column (str): where it stands.
            less (str): column of that feed that is taken off: what was cancelled.
            factor (number): what it is multiplied by: 1.05 lets 5 % more pass. Default 1.
            over_pct (str): column of that feed with the percent more that may pass; where it is empty, `factor` says.
            added_up (bool): rows that match are added up. Default: of several the largest counts.
            where (dict): columns of that feed → value, or list of values, they must have; null = none.
        units (dict or None): both sides are quantities of products, in units that may differ: `product` and `unit`, the
            own columns with the product and with the unit of the quantity, `feed_product` and `feed_unit`, those of the
            other feed. They are compared in the base unit of the product, as `shipments.products` and
            `shipments.product_units` say; what nobody can convert only with what is in the same unit.
        decimals (int or None): places to round each value to first, for columns of floating-point numbers; refused
            in a suite, where the contract says the scale.
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of, and that are added up. Default all.
        severity (str): critical rejects the rows of a group that fails, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL, Spark (there without `limit_of`).

    Example:
        E1 on 2026-03-02 8.00 and 2.00, most 10 per day → passes
        E1 on 2026-03-03 8.00 and 2.25, most 10 per day → both rows fail

        ExpectGroupSumsToBeAtMost(group=["employee_id"], column="worked_hours", date="work_date", per="day", most=10)

        ordered 10 cartons of 12, 2 % more may come; received 100 and 22 pieces → passes; 100 and 23 → both rows fail

        ExpectGroupSumsToBeAtMost(
            group=["purchase_order_id", "purchase_order_line_id"], column="received_quantity", less="rejected_quantity",
            limit_of={"feed": "shipments.purchase_order_lines", "column": "ordered_quantity", "factor": 1.02, "match":
                {"purchase_order_id": "purchase_order_id", "purchase_order_line_id": "line_id"}},
            units={"product": "product_id", "unit": "unit_code",
                "feed_product": "product_id", "feed_unit": "unit_code"},
        )
    """

    group: list[str] = pydantic.Field(min_items=1)
    column: str
    less: str | None = None
    most: float | None = None
    date: str | None = None
    per: Literal["day", "week", "month"] | None = None
    limit_of: dict[str, Any] | None = None
    units: dict[str, str] | None = None
    decimals: int | None = pydantic.Field(None, ge=0, le=9)

    judged_by: ClassVar[tuple[str, ...]] = ("group", "date")
    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "groups", "history")
    names_columns: ClassVar[Mapping[str, str | None]] = {
        "column": "number", "date": "date", "group": None, "less": "number",
    }  # fmt: skip
    map_metric: ClassVar[str] = "groups.sum_at_most"
    success_keys: ClassVar[tuple[str, ...]] = (*GroupSumsAtMost.condition_value_keys, "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("group", "column", "most", "date", "per")

    class Config:
        title = "Expect group sums to be at most"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _arguments_go_together(cls, values: dict[str, Any]) -> dict[str, Any]:
        group, limit = values.get("group") or [], values.get("limit_of")
        if values.get("most") is None and not limit:
            raise ValueError("name a limit: most, or limit_of, a column of another feed")
        if bool(values.get("date")) != bool(values.get("per")):
            raise ValueError("date and per go together: the day, and how many of them are one group")
        if both := {values.get("column"), values.get("date"), values.get("less")} & set(group):
            raise ValueError(f"{', '.join(sorted(map(str, both)))} is in group")
        if values.get("less") and values.get("less") == values.get("column"):
            raise ValueError("column and less are one column: nothing would be left")
        if (units := values.get("units")) is not None:
            cls._check_units(units, limit)
        if limit is not None:
            cls._check_limit(limit, group)
        return values

    @staticmethod
    def _check_limit(limit: Any, group: list[str]) -> None:
        if not isinstance(limit, dict) or not limit.keys() <= _LIMIT_OF.keys():
            raise ValueError(f"limit_of is an object with {', '.join(_LIMIT_OF)}")
        if missing := [name for name, needed in _LIMIT_OF.items() if needed and not limit.get(name)]:
            raise ValueError(f"limit_of needs {', '.join(missing)}")
        if str(limit["feed"]).count(".") != 1:
            raise ValueError(f"limit_of: feed is {limit['feed']!r}, expected domain.feed")
        if not isinstance(limit["match"], dict) or not limit["match"].keys() <= set(group):
            raise ValueError("limit_of: match is {own column of group: column of the other feed}")
        factor = limit.get("factor", 1)
        if isinstance(factor, bool) or not isinstance(factor, int | float) or factor <= 0:
            raise ValueError(f"limit_of: factor is {factor!r}, expected a number above 0")
        if not isinstance(limit.get("added_up", False), bool):
            raise ValueError(f"limit_of: added_up is {limit['added_up']!r}, expected true or false")
        if not isinstance(limit.get("where", {}), dict):
            raise ValueError("limit_of: where is {column of the other feed: value, or list of values}")

    @staticmethod
    def _check_units(units: Any, limit: Any) -> None:
        if not isinstance(units, dict) or units.keys() != _UNITS.keys():
            raise ValueError(f"units is an object with {', '.join(_UNITS)}")
        if not limit:
            raise ValueError("units needs limit_of: quantities are compared with those of another feed")

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        where, params = joined(kwargs["group"], ", ", "group")
        params["column"] = kwargs["column"]
        if kwargs.get("per"):
            params |= {"per": kwargs["per"], "date": kwargs["date"]}
            where += " and $per of $date"
        what = "$column"
        if less := kwargs.get("less"):
            params["less"] = less
            what = "($column − $less)"
        limits = []
        if limit := kwargs.get("limit_of"):
            params |= {"limit": _limit_said(limit), "factor": num_to_str(limit.get("factor", 1))}
            limits.append("$limit" if limit.get("factor", 1) == 1 else "$limit × $factor")
            if over := limit.get("over_pct"):
                params["over"] = over
                limits[-1] += " (or $over percent more)"
        if kwargs.get("most") is not None:
            params["most"] = num_to_str(kwargs["most"], no_scientific=True)
            limits.append("$most" if not limits else "$most where there is none")
        if units := kwargs.get("units"):
            params["unit"] = units["unit"]
            limits[-1] += ", converted from $unit to the base unit of the product"
        return f"the sum of {what} of each {where} may be at most {', '.join(limits)}", params


def _limit_said(limit: Mapping[str, Any]) -> str:
    """`orders.lines.quantity − orders.lines.cancelled, added up, where kind = sale`."""
    said = f"{limit['feed']}.{limit['column']}"
    if limit.get("less"):
        said = f"({said} − {limit['less']})"
    if limit.get("added_up"):
        said += ", added up,"
    return f"{said} where {said_where(limit['where'])}" if limit.get("where") else said
