"""Groups of rows whose figures roll forward, and groups whose rows must tell the same.

All rows of a group pass or fail together, as in `groups`.
"""

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
from pipelines.validate.expectations.described import Described, GateKind, add_metadata, joined, metadata
from pipelines.validate.expectations.exact import pandas_units, spark_number, sql_number
from pipelines.validate.expectations.groups import in_broken_group, spark_window


class GroupsRollForward(RowsFail):
    """Metric: rows of groups whose opening balance and amounts do not give the closing balance."""

    condition_metric_name = "groups.roll_forward"
    condition_value_keys: ClassVar[tuple[str, ...]] = ("group", "opening", "amount", "closing", "decimals")

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        opening, amount, closing = args["opening"], args["amount"], args["closing"]
        units = pandas_units(frame, [opening, amount, closing], args.get("decimals"))
        keys = [frame[c] for c in args["group"]]
        moved = units[amount].groupby(keys, sort=False).transform("sum")
        differs = (units[opening] + moved != units[closing]) | frame[opening].isna() | frame[closing].isna()
        for stated in (opening, closing):
            differs |= units[stated] != units[stated].groupby(keys, sort=False).transform("first")
        fails: pd.Series[bool] = differs.astype(bool).groupby(keys, sort=False).transform("any").astype(bool)
        return fails

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """See `RowsFail`."""
        decimals, count = args.get("decimals"), sa.func.count
        opening, amount, closing = (sql_number(args[name], decimals) for name in ("opening", "amount", "closing"))
        given: list[sa.ColumnClause[Any]] = [sa.column(args[name]) for name in ("opening", "closing")]
        broken = [
            *(count(c) < count() for c in given),
            *(sa.func.min(n) != sa.func.max(n) for n in (opening, closing)),
            sa.func.max(opening) + sa.func.sum(amount) != sa.func.max(closing),
        ]
        return in_broken_group(rows, args["group"], sa.or_(*broken))

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        decimals, window = args.get("decimals"), spark_window(args["group"])
        opening, amount, closing = (spark_number(data, args[n], decimals) for n in ("opening", "amount", "closing"))
        lines = F.count(F.lit(1)).over(window)
        broken = F.max(opening).over(window) + F.sum(amount).over(window) != F.max(closing).over(window)
        for name, stated in (("opening", opening), ("closing", closing)):
            broken = broken | (F.count(F.col(f"`{args[name]}`")).over(window) < lines)
            broken = broken | (F.min(stated).over(window) != F.max(stated).over(window))
        return broken


class GroupsAgree(RowsFail):
    """Metric: rows of groups with different values in a column that all of them should repeat."""

    condition_metric_name = "groups.agree"
    condition_value_keys: ClassVar[tuple[str, ...]] = ("group", "columns", "or_missing")

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        keys = [frame[c] for c in args["group"]]
        fails = pd.Series(False, index=frame.index)
        for column in args["columns"]:
            fails |= frame[column].groupby(keys, sort=False, dropna=False).transform("nunique") > 1
        return fails

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """See `RowsFail`."""
        several = (sa.func.count(sa.distinct(sa.column(c))) > 1 for c in args["columns"])
        may_lack = args.get("or_missing") or []
        # an empty value is one of its own, and `in` finds none that is null
        keys = [sa.func.coalesce(sa.cast(sa.column(c), sa.Text()), "") if c in may_lack else c for c in args["group"]]
        return in_broken_group(rows, keys, sa.or_(*several))

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        window = spark_window(args["group"])
        several = F.lit(False)
        for column in args["columns"]:
            several = several | (F.size(F.collect_set(F.col(f"`{column}`")).over(window)) > 1)
        return several


class Together(Described, MulticolumnMapExpectation):  # type: ignore[misc]
    """Base: rows that lack a column named by one of `judged_by` are not judged. `column_list` follows from that."""

    column_list: list[str] = pydantic.Field(default_factory=list)
    ignore_row_if: str = "any_value_is_missing"

    judged_by: ClassVar[tuple[str, ...]] = ("group",)
    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.NUMERIC,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "groups")
    gate_kind: ClassVar[GateKind] = "group"

    @pydantic.validator("column_list")  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _validate_column_list(cls, value: list[str]) -> list[str]:
        """A group may be named by one column; Great Expectations would ask for two."""
        return value

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _fill_domain(cls, values: dict[str, Any]) -> dict[str, Any]:
        named: list[str] = []
        for argument in cls.judged_by:
            given = values.get(argument)
            named += given if isinstance(given, list) else [given] if isinstance(given, str) else []
        named = [c for c in named if c not in (values.get("or_missing") or [])]
        return {**values, "column_list": list(dict.fromkeys(named)), "ignore_row_if": "any_value_is_missing"}


class ExpectGroupsToRollForward(Together):
    """Expect the opening balance and the amounts of every group to give its closing balance, to the cent.

    ExpectGroupsToRollForward is a Multicolumn Map Expectation: all rows of a group that breaks it fail. Both balances
    are repeated on every row of the group; one that is missing, or stated differently on two rows, is a difference.
    Rows without a value in one of the group's columns are not judged; a missing amount counts as 0. Name the currency
    in `group` where there are several, so that no sum mixes them.

    Args:
        group (list of str): columns that together name a group, e.g. the bank account and its statement.
        opening (str): the column that repeats the balance before the first row.
        amount (str): the column with the signed amount of a row.
        closing (str): the column that repeats the balance after the last row.

    Other Parameters:
        decimals (int or None): places to round each value to first, for columns of floating-point numbers; refused
            in a suite, where the contract says the scale.
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows of a group that fails, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL, Spark.

    Example:
        S1 opening 100.00, amount 25.00, closing 90.00; S1 opening 100.00, amount -35.00, closing 90.00 → passes
        S2 opening 90.00, amount 25.00, closing 115.01 → fails

        ExpectGroupsToRollForward(
            group=["bank_account_id", "statement_id", "currency_code"],
            opening="opening_amount", amount="transaction_amount", closing="closing_amount",
        )
    """

    group: list[str] = pydantic.Field(min_items=1)
    opening: str
    amount: str
    closing: str
    decimals: int | None = pydantic.Field(None, ge=0, le=9)

    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "identity", "groups")
    names_columns: ClassVar[Mapping[str, str | None]] = {
        "closing": "number", "opening": "number", "amount": "number", "group": None,
    }  # fmt: skip
    map_metric: ClassVar[str] = "groups.roll_forward"
    success_keys: ClassVar[tuple[str, ...]] = ("group", "opening", "amount", "closing", "decimals", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("group", "opening", "amount", "closing")

    class Config:
        title = "Expect groups to roll forward"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _three_columns(cls, values: dict[str, Any]) -> dict[str, Any]:
        named = [values.get(name) for name in ("opening", "amount", "closing")]
        if len(set(named)) < len(named):
            raise ValueError("opening, amount and closing must be three columns")
        return values

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        where, params = joined(kwargs["group"], ", ", "group")
        params |= {name: kwargs[name] for name in ("opening", "amount", "closing")}
        return f"in every group of {where} $opening + the sum of $amount must equal $closing, to the cent", params


class ExpectGroupsToAgree(Together):
    """Expect all rows of a group to repeat the same value: one currency per statement, one partner per payment.

    ExpectGroupsToAgree is a Multicolumn Map Expectation: all rows of a group that tells two values fail. A missing
    value agrees with every other one. Rows without a value in one of the group's columns are not judged, but for those
    in `or_missing`.

    Args:
        group (list of str): columns that together name a group.
        columns (list of str): columns of which each has one value in a group.

    Other Parameters:
        or_missing (list of str or None): columns of `group` that may be empty; rows without a value there are a group
            of their own: clients with one company name none.
        beside (bool): in the gate, groups also have the rows that are current of the client in the warehouse and stay
            so beside the delivery. Default false.
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows of a group that fails, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL, Spark.

    Example:
        P1 partner 70001, P1 partner 70001 → passes
        P2 partner 70001, P2 partner 70002 → both rows fail

        ExpectGroupsToAgree(group=["payment_id"], columns=["partner_id", "currency_code"])
    """

    group: list[str] = pydantic.Field(min_items=1)
    columns: list[str] = pydantic.Field(min_items=1)
    or_missing: list[str] | None = None
    beside: bool = False

    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.VALIDITY,)
    names_columns: ClassVar[Mapping[str, str | None]] = {"columns": None, "group": None}
    map_metric: ClassVar[str] = "groups.agree"
    success_keys: ClassVar[tuple[str, ...]] = ("group", "columns", "or_missing", "beside", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("group", "columns")

    class Config:
        title = "Expect groups to agree"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _not_of_the_group(cls, values: dict[str, Any]) -> dict[str, Any]:
        refuse_own_columns(values)
        group, may_lack = set(values.get("group") or []), set(values.get("or_missing") or [])
        if outside := may_lack - group:
            raise ValueError(f"or_missing names {', '.join(sorted(outside))}, which is not in group")
        if group and may_lack == group:
            raise ValueError("or_missing names all of group: rows without any value are no group")
        return values

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        where, params = joined(kwargs["group"], ", ", "group")
        columns, more = joined(kwargs["columns"], ", ", "column")
        return f"all rows of a group of {where} must repeat the same {columns}", params | more


class ExpectLoadedValuesToStay(Together):
    """Expect a row that is loaded to keep these values when it comes again: a posted amount, an invoice's total.

    ExpectLoadedValuesToStay is a Multicolumn Map Expectation: rows of one key that tell two values fail, as with
    ExpectGroupsToAgree. In the gate a row is compared with the one that it replaces in the warehouse, of the same key,
    source and period. A missing value agrees with every other one. Rows that are new, or that came as they are
    loaded, have nothing to be compared with and pass.

    Args:
        group (list of str): the columns that make the key; in a suite those of the contract's key, no others.
        columns (list of str): columns that keep their value once loaded.

    Other Parameters:
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of, as they come now. Default all.
        severity (str): critical rejects the rows that fail, so that those loaded stay; warning and info only count
            them, and the new values are loaded.

    Supported Data Sources: pandas, PostgreSQL, Spark.

    Example:
        invoice R1 of 119.00 is loaded and comes with 119.00 and another note → passes
        invoice R1 of 119.00 is loaded and comes with 129.00 → fails

        ExpectLoadedValuesToStay(group=["supplier_id", "invoice_id"], columns=["gross_amount", "currency_code"])
    """

    group: list[str] = pydantic.Field(min_items=1)
    columns: list[str] = pydantic.Field(min_items=1)

    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.VALIDITY,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "history")
    names_columns: ClassVar[Mapping[str, str | None]] = {"columns": None, "group": None}
    map_metric: ClassVar[str] = "groups.agree"
    success_keys: ClassVar[tuple[str, ...]] = ("group", "columns", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("group", "columns")

    class Config:
        title = "Expect loaded values to stay"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _not_of_the_key(cls, values: dict[str, Any]) -> dict[str, Any]:
        return refuse_own_columns(values)

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        where, params = joined(kwargs["group"], ", ", "group")
        columns, more = joined(kwargs["columns"], ", ", "column")
        return f"a row that is loaded under {where} must come again with the same {columns}", params | more


def refuse_own_columns(values: dict[str, Any]) -> dict[str, Any]:
    """The arguments, if no column of `group` is among `columns`.

    Raises:
        ValueError: one is.
    """
    if both := set(values.get("columns") or []) & set(values.get("group") or []):
        raise ValueError(f"{', '.join(sorted(both))} is in group: it always agrees")
    return values
