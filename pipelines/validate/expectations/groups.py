"""Rules about rows that belong together: a journal balances, the lines of an invoice add up to its header.

All rows of a group pass or fail together. Rows that lack one of the group's columns belong to no group and are not
judged; a missing amount counts as 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pandas as pd
import sqlalchemy as sa
from great_expectations.compatibility import pydantic, pyspark
from great_expectations.compatibility.pyspark import functions as F
from great_expectations.expectations.expectation import MulticolumnMapExpectation
from great_expectations.expectations.metadata_types import DataQualityIssues

from pipelines.validate.expectations.conditions import RowsFail
from pipelines.validate.expectations.described import Described, GateKind, add_metadata, joined, metadata
from pipelines.validate.expectations.exact import pandas_units, spark_number, sql_number

BALANCE = "kontor.balance"
"""Metric: what the delivery as a whole is off by, as text. The gate supplies it."""


def _signed(args: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Columns that count as they are, and columns that count with the opposite sign."""
    return ([args["amount"]], []) if args.get("amount") else ([args["debit"]], [args["credit"]])


class GroupsBalance(RowsFail):
    """Metric: rows of groups whose amounts do not cancel out; without a group, all rows or none."""

    condition_metric_name = "groups.balance"
    condition_value_keys: ClassVar[tuple[str, ...]] = (
        "group", "debit", "credit", "amount", "instead", "unless_several", "decimals",
    )  # fmt: skip

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        plus, minus = _signed(args)
        instead: Mapping[str, str] = args.get("instead") or {}
        frame = frame.assign(**{c: frame[c].where(frame[c].notna(), frame[other]) for c, other in instead.items()})
        units = pandas_units(frame, plus + minus, args.get("decimals"))
        amount = units[plus[0]] - units[minus[0]] if minus else units[plus[0]]
        if not args["group"]:
            return pd.Series(sum(amount) != 0, index=frame.index, dtype=bool)
        keys = [frame[c] for c in args["group"]]
        fails: pd.Series[bool] = (amount.groupby(keys, sort=False).transform("sum") != 0).astype(bool)
        if several := args.get("unless_several"):
            rest = [frame[c] for c in args["group"] if c != several]
            fails &= frame[several].groupby(rest, sort=False).transform("nunique") == 1
        return fails

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """See `RowsFail`."""
        (plus, minus), decimals = _signed(args), args.get("decimals")
        instead: Mapping[str, str] = args.get("instead") or {}

        def valued(name: str) -> sa.ColumnElement[Any]:
            column: sa.ColumnClause[Any] = sa.column(name)
            return sa.func.coalesce(column, sa.column(instead[name])) if name in instead else column

        amount = sql_number(valued(plus[0]), decimals) - (sql_number(valued(minus[0]), decimals) if minus else 0)
        total = sa.func.sum(amount)
        if not args["group"]:
            whole = sa.select(total != 0).select_from(rows).correlate(None).scalar_subquery()
            return sa.and_(sa.or_(*(sa.column(c).is_not(None) for c in plus + minus)), whole)
        broken = in_broken_group(rows, [valued(c) for c in args["group"]], total != 0)
        if several := args.get("unless_several"):
            rest = [valued(c) for c in args["group"] if c != several]
            broken = sa.and_(broken, in_broken_group(rows, rest, sa.func.count(sa.distinct(valued(several))) == 1))
        return broken

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        (plus, minus), decimals = _signed(args), args.get("decimals")
        fields = {c: _of_spark(c, args.get("instead")) for c in [*plus, *minus, *args["group"]]}
        amount = spark_number(data, plus[0], decimals, fields[plus[0]])
        if minus:
            amount = amount - spark_number(data, minus[0], decimals, fields[minus[0]])
        broken = F.sum(amount).over(spark_window([fields[c] for c in args["group"]])) != 0
        if several := args.get("unless_several"):
            rest = spark_window([fields[c] for c in args["group"] if c != several])
            broken = broken & (F.size(F.collect_set(fields[several]).over(rest)) == 1)
        return broken


def _of_spark(column: str, instead: Mapping[str, str] | None) -> Any:
    """A Spark column, or the one that counts where it is empty."""
    other = (instead or {}).get(column)
    return F.coalesce(F.col(f"`{column}`"), F.col(f"`{other}`")) if other else F.col(f"`{column}`")


class GroupTotalsMatch(RowsFail):
    """Metric: rows of groups whose lines do not add up to the total that each of them repeats."""

    condition_metric_name = "groups.match_total"
    condition_value_keys: ClassVar[tuple[str, ...]] = (
        "group", "amount", "total", "total_of", "reference", "count", "decimals",
    )  # fmt: skip

    @staticmethod
    def _own_total(args: Mapping[str, Any]) -> str:
        if not args.get("total"):
            raise ValueError(
                f"total_of: {args.get('total_of')} is a column of another feed, which only the gate can look up; here "
                "each line must repeat the header's amount: name that column in `total`"
            )
        return str(args["total"])

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        total = cls._own_total(args)
        units = pandas_units(frame, [args["amount"], total], args.get("decimals"))
        keys = [frame[c] for c in args["group"]]
        sums = units[args["amount"]].groupby(keys, sort=False).transform("sum")
        differs = (sums != units[total]) | frame[total].isna()
        if args.get("count"):
            lines = frame[total].groupby(keys, sort=False).transform("size")
            stated = pandas_units(frame, [args["count"]], 0)[args["count"]]
            differs |= (lines != stated) | frame[args["count"]].isna()
        fails: pd.Series[bool] = differs.astype(bool).groupby(keys, sort=False).transform("any").astype(bool)
        return fails

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """See `RowsFail`."""
        total, decimals = cls._own_total(args), args.get("decimals")
        given: sa.ColumnClause[Any] = sa.column(total)
        stated, lines = sql_number(total, decimals), sa.func.count()
        broken = [
            sa.func.count(given) < lines,
            sa.func.min(stated) != sa.func.max(stated),
            sa.func.sum(sql_number(args["amount"], decimals)) != sa.func.max(stated),
        ]
        if args.get("count"):
            count: sa.ColumnClause[Any] = sa.column(args["count"])
            broken += [sa.func.count(count) < lines, sa.func.min(count) != lines, sa.func.max(count) != lines]
        return in_broken_group(rows, args["group"], sa.or_(*broken))

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        total, decimals, window = cls._own_total(args), args.get("decimals"), spark_window(args["group"])
        stated, lines = spark_number(data, total, decimals), F.count(F.lit(1)).over(window)
        broken = (
            (F.count(F.col(f"`{total}`")).over(window) < lines)
            | (F.min(stated).over(window) != F.max(stated).over(window))
            | (F.sum(spark_number(data, args["amount"], decimals)).over(window) != F.max(stated).over(window))
        )
        if args.get("count"):
            count = F.col(f"`{args['count']}`")
            broken = broken | (F.count(count).over(window) < lines)
            broken = broken | (F.min(count).over(window) != lines) | (F.max(count).over(window) != lines)
        return broken


def in_broken_group(
    rows: sa.FromClause, group: Sequence[str | sa.ColumnElement[Any]], broken: sa.ColumnElement[bool]
) -> sa.ColumnElement[bool]:
    """A row's group is one of those that an aggregate condition is true for; never where a group column is null."""
    keys: list[sa.ColumnElement[Any]] = [sa.column(c) if isinstance(c, str) else c for c in group]
    found = sa.select(*keys).select_from(rows).where(*(k.is_not(None) for k in keys))
    found = found.group_by(*keys).having(broken).correlate(None)
    return sa.tuple_(*keys).in_(found) if len(keys) > 1 else keys[0].in_(found)


def spark_window(group: Sequence[Any]) -> Any:
    """Spark window of a row's group: names of columns, or columns."""
    return pyspark.Window.partitionBy(*(F.col(f"`{c}`") if isinstance(c, str) else c for c in group))


class _Groups(Described, MulticolumnMapExpectation):  # type: ignore[misc]
    """Common part: rows without a group are not judged. `column_list` and `ignore_row_if` follow from the arguments."""

    group: list[str] = pydantic.Field(default_factory=list)
    column_list: list[str] = pydantic.Field(default_factory=list)
    ignore_row_if: str = "any_value_is_missing"
    decimals: int | None = pydantic.Field(None, ge=0, le=9)

    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.NUMERIC,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "identity", "groups")
    gate_kind: ClassVar[GateKind] = "group"

    @pydantic.validator("column_list")  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _validate_column_list(cls, value: list[str]) -> list[str]:
        """A group may be named by one column; Great Expectations would ask for two."""
        return value

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _fill_domain(cls, values: dict[str, Any]) -> dict[str, Any]:
        instead = values.get("instead") or {}
        group = [instead.get(c, c) for c in values.get("group") or []]
        if group:
            return {**values, "column_list": group, "ignore_row_if": "any_value_is_missing"}
        named = [values[name] for name in ("debit", "credit", "amount") if values.get(name)]
        return {**values, "column_list": named, "ignore_row_if": "all_values_are_missing"}


class ExpectGroupsToBalance(_Groups):
    """Expect the amounts of every group to cancel out, to the cent: debit = credit in each journal.

    ExpectGroupsToBalance is a Multicolumn Map Expectation: all rows of a group that does not balance fail. Name the
    currency in `group` where there are several, so that no sum mixes them. Rows without a value in one of the group's
    columns are not judged; a missing amount counts as 0. Without `group` the delivery as a whole must balance (in the
    gate: in each currency), and is held when it does not.

    Args:
        group (list of str): columns that together name a group. Default: none, the whole delivery.
        debit, credit (str): the columns whose sums must be equal, or
        amount (str): one column with signs, whose sum must be zero.

    Other Parameters:
        instead (dict or None): column → the one that counts where it is empty: the amount in the currency of the
            transaction where the books carry no other. A row is judged if it has a value in the latter.
        unless_several (str or None): column of `group`; what the others name passes where it has several values of it:
            a journal in two currencies balances in a third.
        decimals (int or None): places to round each value to first, for columns of floating-point numbers; refused
            in a suite, where the contract says the scale.
        mostly (float): share of the rows that must pass. Default 1; refused without `group`.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows of a group that fails, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL, Spark.

    Example:
        J1 debit 100.00, J1 credit 60.00, J1 credit 40.00 → passes
        J2 debit 100.00, J2 credit 99.99 → both rows fail

        ExpectGroupsToBalance(group=["journal_id", "currency_code"], debit="debit_amount", credit="credit_amount")
    """

    debit: str | None = None
    credit: str | None = None
    amount: str | None = None
    instead: dict[str, str] | None = None
    unless_several: str | None = None

    map_metric: ClassVar[str] = "groups.balance"
    success_keys: ClassVar[tuple[str, ...]] = (*GroupsBalance.condition_value_keys, "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("group", "debit", "credit", "amount")

    class Config:
        title = "Expect groups to balance"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _one_way_to_say_it(cls, values: dict[str, Any]) -> dict[str, Any]:
        pair = [values.get("debit"), values.get("credit")]
        if bool(values.get("amount")) == any(pair) or (any(pair) and not all(pair)):
            raise ValueError("name either debit and credit, or one signed amount")
        if any(pair) and len(set(pair)) == 1:
            raise ValueError(f"debit and credit are both {pair[0]!r}, which always balances")
        group, several = values.get("group") or [], values.get("unless_several")
        if several and (several not in group or len(group) < 2):
            raise ValueError(f"unless_several names {several!r}, expected one of several columns of group")
        if values.get("instead") and not group:
            raise ValueError("instead needs group")
        if outside := set(values.get("instead") or {}) - {*group, *pair, values.get("amount")}:
            raise ValueError(f"instead names {', '.join(sorted(outside))}, which is not used")
        return values

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        where, params = joined(kwargs.get("group") or [], ", ", "group")
        start = f"in every group of {where} " if where else ""
        end = "must be zero" if kwargs.get("amount") else "must equal the sum of $credit"
        params |= {"plus": kwargs.get("amount") or kwargs["debit"]}
        if not kwargs.get("amount"):
            params["credit"] = kwargs["credit"]
        for number, (column, other) in enumerate((kwargs.get("instead") or {}).items()):
            params |= {f"empty_{number}": column, f"other_{number}": other}
            end += f", $other_{number} counting where $empty_{number} is empty"
        if several := kwargs.get("unless_several"):
            params["several"] = several
            end += ", unless there are several values of $several"
        return f"{start}the sum of $plus {end}, to the cent", params

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        outcome: dict[str, Any] = super()._validate(metrics, runtime_configuration, execution_engine)
        if BALANCE in metrics:
            outcome["result"]["observed_value"] = metrics[BALANCE]
        return outcome


class ExpectGroupTotalToMatch(_Groups):
    """Expect the lines of every group to add up to the amount that their header states.

    ExpectGroupTotalToMatch is a Multicolumn Map Expectation: all lines of a group that differs fail, so that header
    and lines are held together. The header's amount is a column repeated on every line (`total`), or stands in
    another feed (`total_of` with `reference`), which only the gate can look up. A header that is missing, or stated
    differently on two lines, is a difference. Rows without a value in one of the group's columns are not judged; a
    missing line amount counts as 0.

    Args:
        group (list of str): columns that together name a group, e.g. the invoice and its currency.
        amount (str): the column with the amount of a line.
        total (str): the column that repeats the header's amount on every line, or
        total_of (str): `domain.feed.column`, the header's amount in another feed, with
        reference (dict): own column of the group → key column of that feed.

    Other Parameters:
        count (str or None): the column that repeats how many lines the header has.
        decimals (int or None): places to round each value to first, for columns of floating-point numbers; refused
            in a suite, where the contract says the scale.
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the lines of a group that fails, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL, Spark (there with `total` only).

    Example:
        R1 line 60.00 of 100.00, R1 line 40.00 of 100.00 → passes
        R2 line 60.00 of 100.00, R2 line 39.99 of 100.00 → both lines fail

        ExpectGroupTotalToMatch(group=["invoice_id"], amount="line_amount", total="invoice_amount")
    """

    group: list[str] = pydantic.Field(min_items=1)
    amount: str
    total: str | None = None
    total_of: str | None = None
    reference: dict[str, str] | None = None
    count: str | None = None

    map_metric: ClassVar[str] = "groups.match_total"
    success_keys: ClassVar[tuple[str, ...]] = (
        "group", "amount", "total", "total_of", "reference", "count", "decimals", "mostly",
    )  # fmt: skip
    args_keys: ClassVar[tuple[str, ...]] = ("group", "amount", "total")

    class Config:
        title = "Expect group total to match"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _one_way_to_say_it(cls, values: dict[str, Any]) -> dict[str, Any]:
        if bool(values.get("total")) == bool(values.get("total_of")):
            raise ValueError("name either total, a column of the lines, or total_of, a column of another feed")
        if bool(values.get("total_of")) != bool(values.get("reference")):
            raise ValueError("total_of needs reference: {own column: key column of the other feed}, and only it does")
        if (total_of := values.get("total_of")) and str(total_of).count(".") != 2:
            raise ValueError(f"total_of is {total_of!r}, expected domain.feed.column")
        outside = set(values.get("reference") or {}) - set(values.get("group") or [])
        if outside:
            raise ValueError(f"reference names {', '.join(sorted(outside))}, which is not in group")
        return values

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        where, params = joined(kwargs["group"], ", ", "group")
        params |= {"amount": kwargs["amount"], "total": kwargs.get("total") or kwargs["total_of"]}
        template = f"in every group of {where} the sum of $amount must equal $total, to the cent"
        if count := kwargs.get("count"):
            params["count"] = count
            template += ", and the number of lines $count"
        return template, params
