"""Lines whose kind says how they count: earnings, deductions and the totals that a payslip states of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pandas as pd
import sqlalchemy as sa
from great_expectations.compatibility import pydantic
from great_expectations.compatibility.pyspark import functions as F

from pipelines.validate.expectations.conditions import RowsFail
from pipelines.validate.expectations.described import add_metadata, joined, metadata
from pipelines.validate.expectations.exact import pandas_units, spark_number, sql_number
from pipelines.validate.expectations.groups import in_broken_group, spark_window
from pipelines.validate.expectations.together import Together

_SIDES = ("plus", "minus", "total")


class KindsAddUp(RowsFail):
    """Metric: rows of groups whose lines, counted by their kind, do not give the total that the group states."""

    condition_metric_name = "kinds.add_up"
    condition_value_keys: ClassVar[tuple[str, ...]] = ("group", "kind", "amount", *_SIDES, "decimals")

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        amount = pandas_units(frame, [args["amount"]], args.get("decimals"))[args["amount"]]
        keys = [frame[c] for c in args["group"]]
        plus, minus, total = (frame[args["kind"]].isin(args[side]) for side in _SIDES)
        left = amount.where(plus, 0) - amount.where(minus | total, 0)
        differs = left.groupby(keys, sort=False).transform("sum") != 0
        fails: pd.Series[bool] = (differs & total.groupby(keys, sort=False).transform("any")).astype(bool)
        return fails

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """See `RowsFail`."""
        amount, kind = sql_number(args["amount"], args.get("decimals")), sa.column(args["kind"], sa.Text())
        plus, minus, total = (kind.in_(args[side]) for side in _SIDES)
        left = sa.func.sum(sa.case((plus, amount), (sa.or_(minus, total), -amount), else_=0))
        return in_broken_group(rows, args["group"], sa.and_(left != 0, sa.func.bool_or(total)))

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        amount, window = spark_number(data, args["amount"], args.get("decimals")), spark_window(args["group"])
        plus, minus, total = (F.col(f"`{args['kind']}`").isin(args[side]) for side in _SIDES)
        left = F.sum(F.when(plus, amount).when(minus | total, -amount)).over(window)
        return (F.coalesce(left, F.lit(0)) != 0) & (F.max(F.when(total, 1).otherwise(0)).over(window) == 1)


class ExpectKindsToAddUp(Together):
    """Expect the lines of every group to give the total it states, each line counted as its kind says, to the cent.

    ExpectKindsToAddUp is a Multicolumn Map Expectation: all rows of a group that breaks it fail. It is for lists that
    hold parts and totals in one column: a payslip with a line of kind `net`. Lines of kinds that no argument names do
    not count; several lines of a total are added up. A group that states no total has nothing to be compared with and
    is not judged; neither are rows without a value in one of the group's columns. A missing amount counts as 0. Name
    the currency in `group`, so that no sum mixes currencies.

    Args:
        group (list of str): columns that together name a group, e.g. the run, the employee and the currency.
        kind (str): the column with the kind of a line.
        amount (str): the column with its amount.
        plus (list of str): kinds that are added.
        total (list of str): kinds that state the total.

    Other Parameters:
        minus (list of str): kinds that are taken off. Default none.
        decimals (int or None): places to round each value to first, for columns of floating-point numbers; refused
            in a suite, where the contract says the scale.
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows of a group that fails, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL, Spark.

    Example:
        P1 earning 100.00, P1 tax 20.00, P1 net 80.00 → passes
        P2 earning 100.00, P2 tax 20.00, P2 net 80.01 → all three rows fail
        P3 earning 100.00, P3 tax 20.00 → not judged

        ExpectKindsToAddUp(
            group=["run_id", "employee_id", "currency_code"], kind="kind_code", amount="pay_amount",
            plus=["earning", "reimbursement"], minus=["deduction", "tax"], total=["net"],
        )
    """

    group: list[str] = pydantic.Field(min_items=1)
    kind: str
    amount: str
    plus: list[str] = pydantic.Field(min_items=1)
    minus: list[str] = pydantic.Field(default_factory=list)
    total: list[str] = pydantic.Field(min_items=1)
    decimals: int | None = pydantic.Field(None, ge=0, le=9)

    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "identity", "groups")
    names_columns: ClassVar[Mapping[str, str | None]] = {"amount": "number", "kind": "text", "group": None}
    map_metric: ClassVar[str] = "kinds.add_up"
    success_keys: ClassVar[tuple[str, ...]] = ("group", "kind", "amount", *_SIDES, "decimals", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("group", "kind", "amount", *_SIDES)

    class Config:
        title = "Expect kinds to add up"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _each_kind_counts_once(cls, values: dict[str, Any]) -> dict[str, Any]:
        named = [k for side in _SIDES for k in values.get(side) or []]
        if twice := sorted({str(k) for k in named if named.count(k) > 1}):
            raise ValueError(f"{', '.join(twice)} is named twice in plus, minus and total: a line counts once")
        if values.get("kind") in (values.get("group") or []):
            raise ValueError(f"{values['kind']} is in group: every group would have one kind")
        return values

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        where, params = joined(kwargs["group"], ", ", "group")
        signed = [f"+ {k}" for k in kwargs["plus"]] + [f"− {k}" for k in kwargs.get("minus") or []]
        params |= {"amount": kwargs["amount"], "kind": kwargs["kind"], "stated": " + ".join(kwargs["total"])}
        params["parts"] = " ".join(signed).removeprefix("+ ")
        return (
            f"in every group of {where} that states it, the sum of $amount by $kind, $parts, must equal $stated, "
            "to the cent"
        ), params
