"""What follows in time: ranges of days that do not overlap, balances that are carried forward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pandas as pd
import sqlalchemy as sa
from great_expectations.compatibility import pydantic
from great_expectations.expectations.metadata_types import DataQualityIssues

from pipelines.validate.expectations.conditions import RowsFail
from pipelines.validate.expectations.described import add_metadata, joined, metadata
from pipelines.validate.expectations.exact import pandas_units, sql_number
from pipelines.validate.expectations.sequences import NOT_ON_SPARK, ON_TWO_ENGINES
from pipelines.validate.expectations.together import Together

_EVER = pd.Timestamp("2261-12-31")  # about the last day that pandas can compare in bulk


class RangesOverlap(RowsFail):
    """Metric: rows whose range of days shares a day with that of another row of their group."""

    condition_metric_name = "ranges.overlap"
    condition_value_keys: ClassVar[tuple[str, ...]] = ("group", "start", "end")

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        keys = [f"key_{n}" for n in range(len(args["group"]))]
        ranges = pd.DataFrame({k: frame[c] for k, c in zip(keys, args["group"], strict=True)}, index=frame.index)
        ranges["start"] = pd.to_datetime(frame[args["start"]])
        ranges["end"] = pd.to_datetime(frame[args["end"]]).fillna(_EVER)
        ranges = ranges.sort_values("start", kind="stable")
        groups = ranges.groupby(keys, sort=False)
        following = groups["start"].shift(-1)
        before = groups["end"].cummax().groupby([ranges[k] for k in keys], sort=False).shift(1)
        overlap = (following <= ranges["end"]) | (before >= ranges["start"])
        fails: pd.Series[bool] = overlap.reindex(frame.index).astype(bool)
        return fails

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """See `RowsFail`."""
        group: list[sa.ColumnClause[Any]] = [sa.column(c) for c in args["group"]]
        start: sa.ColumnClause[Any] = sa.column(args["start"])
        end: sa.ColumnClause[Any] = sa.column(args["end"])
        key = [*group, start]
        ever = sa.func.coalesce(end, sa.literal_column("'infinity'::date"))
        following = sa.func.lead(start).over(partition_by=group, order_by=[start, ever])
        before = sa.func.max(ever).over(partition_by=group, order_by=[start, ever], rows=(None, -1))
        overlap = sa.or_(following <= ever, before >= start)
        judged = sa.select(*key, ever.label("_end"), overlap.label("_overlap")).select_from(rows)
        placed = judged.where(*(k.is_not(None) for k in key)).subquery("placed")
        found = sa.select(*(placed.c[k.name] for k in key), placed.c["_end"]).where(placed.c["_overlap"])
        return sa.tuple_(*key, ever).in_(found.correlate(None))

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        raise NotImplementedError(f"{cls.condition_metric_name} {NOT_ON_SPARK}")


class BalancesCarried(RowsFail):
    """Metric: rows that do not open with what the place before them in their group closed with."""

    condition_metric_name = "balances.carried_forward"
    condition_value_keys: ClassVar[tuple[str, ...]] = ("group", "order", "opening", "closing", "decimals")

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        keys, balances = [*args["group"], args["order"]], [args["opening"], args["closing"]]
        units = pandas_units(frame, balances, args.get("decimals"))
        units = pd.DataFrame({"opening": units[balances[0]], "closing": units[balances[1]]}, index=frame.index)
        places = units.groupby([frame[c] for c in keys], sort=True).sum()
        before = places["closing"].groupby(level=list(range(len(args["group"])))).shift(1)
        broken = set(places.index[before.notna() & (before != places["opening"])])
        found = [place in broken for place in zip(*(frame[c] for c in keys), strict=True)]
        return pd.Series(found, index=frame.index, dtype=bool)

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """See `RowsFail`."""
        key: list[sa.ColumnClause[Any]] = [sa.column(c) for c in (*args["group"], args["order"])]
        given: list[sa.ColumnClause[Any]] = [sa.column(args[name]) for name in ("opening", "closing")]
        sums = [sa.func.sum(sql_number(c.name, args.get("decimals"))) for c in given]
        places = sa.select(*key, sums[0].label("_opening"), sums[1].label("_closing")).select_from(rows)
        places = places.where(*(c.is_not(None) for c in (*key, *given))).group_by(*key)
        found = places.subquery("places")
        group = [found.c[c] for c in args["group"]]
        before = sa.func.lag(found.c["_closing"]).over(partition_by=group, order_by=found.c[args["order"]])
        broken = (before != found.c["_opening"]).label("_broken")
        placed = sa.select(*(found.c[k.name] for k in key), broken).subquery("placed")
        wrong = sa.select(*(placed.c[k.name] for k in key)).where(placed.c["_broken"])
        return sa.tuple_(*key).in_(wrong.correlate(None))

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        raise NotImplementedError(f"{cls.condition_metric_name} {NOT_ON_SPARK}")


class ChangesLarge(RowsFail):
    """Metric: rows whose value is far from the one before it and from the one after it. In floats: it has a bound."""

    condition_metric_name = "changes.large"
    condition_value_keys: ClassVar[tuple[str, ...]] = ("group", "order", "column", "max_change_pct", "added_up")

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        places = pd.DataFrame({f"key_{n}": frame[c] for n, c in enumerate(args["group"])}, index=frame.index)
        keys = list(places.columns)
        places["order"], places["value"] = frame[args["order"]], pd.to_numeric(frame[args["column"]]).astype("float64")
        if args.get("added_up"):
            places["value"] = places.groupby([*keys, "order"], sort=False)["value"].transform("sum")
            every, places = places, places.drop_duplicates([*keys, "order"])
        places = places.sort_values(["order", "value"], kind="stable")
        values = places.groupby(keys, sort=False)["value"]
        before, after = values.shift(1), values.shift(-1)
        allowed = args["max_change_pct"] / 100

        def far(other: pd.Series[float]) -> Any:
            return (places["value"] - other).abs() > other.abs() * allowed

        large = far(before) & (after.isna() | far(after))
        if args.get("added_up"):
            at = [*keys, "order"]
            large = pd.Series(
                pd.MultiIndex.from_frame(every[at]).isin(pd.MultiIndex.from_frame(places.loc[large, at])),
                index=every.index,
            )
        fails: pd.Series[bool] = large.reindex(frame.index).astype(bool)
        return fails

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """See `RowsFail`."""
        group: list[sa.ColumnClause[Any]] = [sa.column(c) for c in args["group"]]
        order: sa.ColumnClause[Any] = sa.column(args["order"])
        value: sa.ColumnElement[Any] = sa.cast(sa.column(args["column"]), sa.Double())
        allowed = args["max_change_pct"] / 100
        key, given = [*group, order], value
        if args.get("added_up"):
            there = sa.and_(*(k.is_not(None) for k in key), value.is_not(None))
            summed = sa.select(*key, sa.func.sum(value).label("_sum")).select_from(rows).where(there).group_by(*key)
            rows, value = summed.subquery("summed"), sa.column("_sum", sa.Double())
        before = sa.func.lag(value).over(partition_by=group, order_by=[order, value])
        after = sa.func.lead(value).over(partition_by=group, order_by=[order, value])

        def far(other: sa.ColumnElement[Any]) -> Any:
            return sa.func.abs(value - other) > sa.func.abs(other) * allowed

        large = sa.and_(far(before), sa.or_(after.is_(None), far(after)))
        placed = sa.select(*key, value.label("_value"), large.label("_large")).select_from(rows)
        found = placed.where(*(k.is_not(None) for k in key), value.is_not(None)).subquery("placed")
        wrong = sa.select(*(found.c[k.name] for k in key)).where(found.c["_large"])
        if args.get("added_up"):
            return sa.and_(sa.tuple_(*key).in_(wrong.correlate(None)), given.is_not(None))
        return sa.tuple_(*key, value).in_(wrong.add_columns(found.c["_value"]).correlate(None))

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        raise NotImplementedError(f"{cls.condition_metric_name} {NOT_ON_SPARK}")


class ExpectRangesNotToOverlap(Together):
    """Expect the ranges of days of a group not to overlap: one period, one tax rate, one contract at a time.

    ExpectRangesNotToOverlap is a Multicolumn Map Expectation: every row fails whose range shares a day with that of
    another row of its group. Both ends belong to a range; an empty end = open. In the gate it is also compared with
    what is current of the client in the warehouse and stays so beside the delivery. Rows without a value in one of the
    group's columns, or without a start, are not judged.

    Args:
        group (list of str): columns that together name a group.
        start, end (str): the columns with the first and the last day.

    Other Parameters:
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of, and compared with. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL.

    Example:
        2026-01-01 to 2026-01-31, 2026-02-01 to 2026-02-28 → passes
        2026-01-01 to 2026-02-01, 2026-02-01 to 2026-02-28 → both rows fail

        ExpectRangesNotToOverlap(group=["entity_code"], start="start_date", end="end_date")
    """

    group: list[str] = pydantic.Field(min_items=1)
    start: str
    end: str

    judged_by: ClassVar[tuple[str, ...]] = ("group", "start")
    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.VALIDITY,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "groups", "history")
    engines: ClassVar[Sequence[str]] = ON_TWO_ENGINES
    names_columns: ClassVar[Mapping[str, str | None]] = {"start": "date", "end": "date", "group": None}
    map_metric: ClassVar[str] = "ranges.overlap"
    success_keys: ClassVar[tuple[str, ...]] = ("group", "start", "end", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("group", "start", "end")

    class Config:
        title = "Expect ranges not to overlap"
        schema_extra = add_metadata

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        where, params = joined(kwargs["group"], ", ", "group")
        params |= {"start": kwargs["start"], "end": kwargs["end"]}
        return f"in every group of {where} the ranges from $start to $end must not overlap", params


class ExpectBalancesToCarryForward(Together):
    """Expect each opening balance to be the closing balance of the place before it in its group, to the cent.

    ExpectBalancesToCarryForward is a Multicolumn Map Expectation: the rows of a place fail that do not open with what
    the one before closed with; rows of one place are added up. Unlike the numbers of `ExpectSequencesToBeUnbroken` the
    places need not go on by one: they are put in order, texts by their characters. The first one passes. In the gate it
    also follows what is current of the client in the warehouse and stays so beside the delivery. Rows without a value
    in one of the columns are not judged, and nothing follows them.

    Args:
        group (list of str): columns that together name what is carried forward, e.g. company, account and currency.
        order (str): the column that puts the balances of a group in order, e.g. the period.
        opening, closing (str): the columns with the balance before and after.

    Other Parameters:
        decimals (int or None): places to round each value to first, for columns of floating-point numbers; refused
            in a suite, where the contract says the scale.
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of; it is compared with all. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL; there a row condition leaves out rows to compare with, too.

    Example:
        2026-01 closes with 90.00, 2026-02 opens with 90.00 → passes
        2026-01 closes with 90.00, 2026-02 opens with 0.00 → 2026-02 fails

        ExpectBalancesToCarryForward(
            group=["entity_code", "account_id", "currency_code"], order="period_code",
            opening="opening_amount", closing="closing_amount",
        )
    """

    group: list[str] = pydantic.Field(min_items=1)
    order: str
    opening: str
    closing: str
    decimals: int | None = pydantic.Field(None, ge=0, le=9)

    judged_by: ClassVar[tuple[str, ...]] = ("group", "order", "opening", "closing")
    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "groups", "history")
    engines: ClassVar[Sequence[str]] = ON_TWO_ENGINES
    names_columns: ClassVar[Mapping[str, str | None]] = {
        "opening": "number", "closing": "number", "order": None, "group": None,
    }  # fmt: skip
    map_metric: ClassVar[str] = "balances.carried_forward"
    success_keys: ClassVar[tuple[str, ...]] = ("group", "order", "opening", "closing", "decimals", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("group", "order", "opening", "closing")

    class Config:
        title = "Expect balances to carry forward"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _order_is_not_the_group(cls, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("order") in (values.get("group") or []):
            raise ValueError(f"{values['order']} is in group: nothing would follow anything")
        return values

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        where, params = joined(kwargs["group"], ", ", "group")
        params |= {name: kwargs[name] for name in ("order", "opening", "closing")}
        return f"in every group of {where}, in the order of $order, $opening must be the $closing before it", params


class ExpectChangesToBeSmall(Together):
    """Expect a value to be near the one before it or the one after it in its group: a rate beside its neighbour day.

    ExpectChangesToBeSmall is a Multicolumn Map Expectation: a row fails whose value is far from that of both its
    neighbours, or from the one before it when nothing follows: the slip of a digit, not the first day of a new level.
    The first one passes. In the gate the neighbours are also those that are current of the client in the warehouse and
    stay so beside the delivery. Rows without a value in one of the columns are not judged, and nobody's neighbours.

    Args:
        group (list of str): columns that together name what the value is of, e.g. the pair of currencies.
        order (str): the column that puts the values of a group in order, e.g. the day.
        column (str): the column with the value.
        max_change_pct (float): percent of the neighbour's value that it may differ by.

    Other Parameters:
        added_up (bool): rows with the same group and order are one value, their sum, and fail together: what somebody
            earns in a month, over all lines of it. Default false.
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of, and compared with. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL.

    Example:
        1.08, 1.09, 1.31, 1.30, max_change_pct 10 → passes: the level has changed
        1.08, 10.9, 1.09, max_change_pct 10 → 10.9 fails

        ExpectChangesToBeSmall(
            group=["rate_type_code", "from_currency", "to_currency"], order="rate_date", column="rate",
            max_change_pct=10,
        )
    """

    group: list[str] = pydantic.Field(min_items=1)
    order: str
    column: str
    max_change_pct: float = pydantic.Field(gt=0)
    added_up: bool = False

    judged_by: ClassVar[tuple[str, ...]] = ("group", "order", "column")
    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "groups", "history")
    engines: ClassVar[Sequence[str]] = ON_TWO_ENGINES
    names_columns: ClassVar[Mapping[str, str | None]] = {"column": "number", "order": None, "group": None}
    map_metric: ClassVar[str] = "changes.large"
    success_keys: ClassVar[tuple[str, ...]] = ("group", "order", "column", "max_change_pct", "added_up", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("group", "order", "column", "max_change_pct")

    class Config:
        title = "Expect changes to be small"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _order_is_not_the_group(cls, values: dict[str, Any]) -> dict[str, Any]:
        if both := {values.get("order"), values.get("column")} & set(values.get("group") or []):
            raise ValueError(f"{', '.join(sorted(map(str, both)))} is in group: nothing would follow anything")
        return values

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        where, params = joined(kwargs["group"], ", ", "group")
        params |= {name: str(kwargs[name]) for name in ("order", "column", "max_change_pct")}
        what = "the sum of $column" if kwargs.get("added_up") else "$column"
        return (
            f"in every group of {where}, in the order of $order, {what} may differ by at most $max_change_pct % from "
            "its neighbours"
        ), params
