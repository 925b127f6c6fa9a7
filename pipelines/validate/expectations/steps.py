"""Steps of a process: each may follow only certain others, and a later stage does not begin before an earlier one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pandas as pd
import sqlalchemy as sa
from great_expectations.compatibility import pydantic, pyspark
from great_expectations.compatibility.pyspark import functions as F
from great_expectations.expectations.metadata_types import DataQualityIssues

from pipelines.validate.expectations.conditions import RowsFail
from pipelines.validate.expectations.described import add_metadata, joined, metadata
from pipelines.validate.expectations.sequences import NOT_ON_SPARK, ON_TWO_ENGINES
from pipelines.validate.expectations.together import Together


class StepsFollow(RowsFail):
    """Metric: rows whose step may not follow the one before it."""

    condition_metric_name = "steps.follow"
    condition_value_keys: ClassVar[tuple[str, ...]] = (
        "group",
        "or_missing",
        "step",
        "order",
        "steps",
        "after",
        "first",
    )

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        keys = [f"key_{n}" for n in range(len(args["group"]))]
        rows = pd.DataFrame({k: frame[c] for k, c in zip(keys, args["group"], strict=True)}, index=frame.index)
        rows["at"], rows["step"] = frame[args["order"]], frame[args["step"]]
        rows["place"] = rows["step"].map({step: n for n, step in enumerate(args["steps"])})
        placed = rows.sort_values(["at", "place"], kind="stable")
        before = placed.groupby(keys, sort=False, dropna=False)["step"].shift(1)
        wrong = before.isna() & ~placed["step"].isin(args["first"]) if args.get("first") else before.isna() & False
        for step, allowed in args["after"].items():
            wrong |= (placed["step"] == step) & before.notna() & ~before.isin(allowed)
        # what is told twice of one moment cannot be told apart
        alike = [placed[c] for c in (*keys, "at", "step")]
        broken = wrong.astype(bool).groupby(alike, sort=False, dropna=False).transform("any")
        fails: pd.Series[bool] = broken.reindex(frame.index).astype(bool)
        return fails

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """See `RowsFail`."""
        may_lack = args.get("or_missing") or []
        keys: list[sa.ColumnElement[Any]] = [
            sa.func.coalesce(sa.cast(sa.column(c), sa.Text()), "") if c in may_lack else sa.column(c)
            for c in args["group"]
        ]
        at: sa.ColumnClause[Any] = sa.column(args["order"])
        step: sa.ColumnClause[Any] = sa.column(args["step"])
        place = sa.case({s: n for n, s in enumerate(args["steps"])}, value=step)
        labels = [k.label(f"_key{n}") for n, k in enumerate(keys)]
        named = sa.select(*labels, at.label("_at"), step.label("_step"), place.label("_place")).select_from(rows)
        each = named.where(at.is_not(None), step.is_not(None)).subquery("each")
        key = [each.c[label.name] for label in labels]
        lag = sa.func.lag(each.c["_step"]).over(partition_by=key, order_by=[each.c["_at"], each.c["_place"]])
        placed = sa.select(each, lag.label("_before")).subquery("placed")
        before, own = placed.c["_before"], placed.c["_step"]
        wrong = [sa.and_(own == s, before.not_in(allowed)) for s, allowed in args["after"].items()]
        if args.get("first"):
            wrong.append(sa.and_(before.is_(None), own.not_in(args["first"])))
        found = sa.select(*(placed.c[label.name] for label in labels), placed.c["_at"], own).where(sa.or_(*wrong))
        return sa.tuple_(*keys, at, step).in_(found.correlate(None))

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        raise NotImplementedError(f"{cls.condition_metric_name} {NOT_ON_SPARK}")


class StagesInOrder(RowsFail):
    """Metric: rows of a stage before the first row of the stages before it."""

    condition_metric_name = "stages.in_order"
    condition_value_keys: ClassVar[tuple[str, ...]] = ("group", "stage", "time")

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        keys = [f"key_{n}" for n in range(len(args["group"]))]
        rows = pd.DataFrame({k: frame[c] for k, c in zip(keys, args["group"], strict=True)}, index=frame.index)
        # microseconds: nanoseconds end in 2262, and 9999 is a year that lists know
        times = pd.to_datetime(frame[args["time"]]).astype("datetime64[us]")
        rows["stage"], rows["time"] = frame[args["stage"]], times
        begins = rows.groupby([*keys, "stage"], sort=True)["time"].min()
        levels = list(range(len(keys)))
        earlier = begins.groupby(level=levels).cummin().groupby(level=levels).shift(1).rename("earlier").reset_index()
        found = rows.reset_index(drop=True).merge(earlier, on=[*keys, "stage"], how="left")
        fails: pd.Series[bool] = pd.Series((found["time"] < found["earlier"]).to_numpy(), index=frame.index, dtype=bool)
        return fails

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """See `RowsFail`."""
        group: list[sa.ColumnClause[Any]] = [sa.column(c) for c in args["group"]]
        stage: sa.ColumnClause[Any] = sa.column(args["stage"])
        time: sa.ColumnClause[Any] = sa.column(args["time"])
        key = [*group, stage, time]
        earlier = sa.func.min(time).over(partition_by=group, order_by=stage, groups=(None, -1))
        placed = sa.select(*key, earlier.label("_earlier")).select_from(rows)
        named = placed.where(*(k.is_not(None) for k in key)).subquery("placed")
        found = sa.select(*(named.c[k.name] for k in key)).where(named.c[time.name] < named.c["_earlier"])
        return sa.tuple_(*key).in_(found.correlate(None))

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        stage, time = F.col(f"`{args['stage']}`"), F.col(f"`{args['time']}`")
        window = pyspark.Window.partitionBy(*(F.col(f"`{c}`") for c in args["group"])).orderBy(stage)
        earlier = F.min(time).over(window.rangeBetween(pyspark.Window.unboundedPreceding, -1))
        return F.coalesce(time < earlier, F.lit(False))


class ExpectStepsToFollow(Together):
    """Expect each step of a process to be one that may follow the step before it: nothing departs once delivered.

    ExpectStepsToFollow is a Multicolumn Map Expectation: a row fails whose step may not directly follow the one before
    it in its group, in the order of time. In the gate what is current of the client in the warehouse and stays so
    beside the delivery comes before as well. Rows without a step, a time or a column of the group are not judged and
    followed by nothing, but for those in `or_missing`.

    Args:
        group (list of str): columns that together name a process, e.g. the shipment and its leg.
        order (str): the column with the day or time of a step.
        step (str): the column with the step.
        steps (list of str): all steps, in the order in which they are meant where two have the same time.
        after (dict): step → the steps that it may directly follow. A step that is not named may follow any.

    Other Parameters:
        first (list of str or None): steps that may be the first. Default: any, as a list of events may begin halfway.
        or_missing (list of str or None): columns of `group` that may be empty; rows without a value there are a group
            of their own.
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of, and that follow each other. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL.

    Example:
        booked, departed, arrived, delivered → passes
        booked, delivered, departed → departed fails

        ExpectStepsToFollow(
            group=["shipment_id"], order="event_at", step="event_code",
            steps=["booked", "departed", "arrived", "delivered"],
            after={"departed": ["booked", "arrived"], "arrived": ["departed"], "delivered": ["arrived"]},
        )
    """

    group: list[str] = pydantic.Field(min_items=1)
    order: str
    step: str
    steps: list[str] = pydantic.Field(min_items=2)
    after: dict[str, list[str]]
    first: list[str] | None = None
    or_missing: list[str] | None = None

    judged_by: ClassVar[tuple[str, ...]] = ("step", "group", "order")
    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.VALIDITY,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "groups", "history")
    engines: ClassVar[Sequence[str]] = ON_TWO_ENGINES
    names_columns: ClassVar[Mapping[str, str | None]] = {"step": "text", "order": "date", "group": None}
    map_metric: ClassVar[str] = "steps.follow"
    success_keys: ClassVar[tuple[str, ...]] = (*StepsFollow.condition_value_keys, "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("group", "order", "step", "steps", "after")

    class Config:
        title = "Expect steps to follow"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _steps_are_known(cls, values: dict[str, Any]) -> dict[str, Any]:
        steps, after, first = values.get("steps") or [], values.get("after") or {}, values.get("first") or []
        named = {*after, *first, *(s for allowed in after.values() for s in allowed)}
        if outside := named - set(steps):
            raise ValueError(f"{', '.join(sorted(outside))} is not in steps")
        if not after and not first:
            raise ValueError("after names no step: anything may follow anything")
        group, may_lack = set(values.get("group") or []), set(values.get("or_missing") or [])
        if outside := may_lack - group:
            raise ValueError(f"or_missing names {', '.join(sorted(outside))}, which is not in group")
        if group and may_lack == group:
            raise ValueError("or_missing names all of group: rows without any value are no group")
        if both := {values.get("order"), values.get("step")} & group:
            raise ValueError(f"{', '.join(sorted(map(str, both)))} is in group: nothing would follow anything")
        return values

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        where, params = joined(kwargs["group"], ", ", "group")
        params |= {"order": kwargs["order"], "step": kwargs["step"]}
        ways = [f"{step} after {' or '.join(allowed)}" for step, allowed in sorted(kwargs["after"].items())]
        ways += [f"{' or '.join(kwargs['first'])} first"] if kwargs.get("first") else []
        params["ways"] = "; ".join(ways)
        return f"in every group of {where}, in the order of $order, $step may follow only so: $ways", params


class ExpectStagesToBeInOrder(Together):
    """Expect nothing of a later stage to happen before the first of the stages before it: leg 2 does not start first.

    ExpectStagesToBeInOrder is a Multicolumn Map Expectation: a row fails whose time is before that of all rows of lower
    stages of its group. In the gate what is current of the client in the warehouse and stays so beside the delivery
    counts as well. Rows without a value in one of the columns are not judged.

    Args:
        group (list of str): columns that together name what goes through stages, e.g. the shipment.
        stage (str): the column with the number of the stage, e.g. the leg.
        time (str): the column with the day or time.

    Other Parameters:
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of, and compared with. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL, Spark.

    Example:
        leg 1 departs on 2026-03-01 and arrives on 2026-03-09, leg 2 departs on 2026-03-08 → passes
        leg 1 departs on 2026-03-01, leg 2 on 2026-02-28 → leg 2 fails

        ExpectStagesToBeInOrder(group=["shipment_id"], stage="leg_number", time="event_at")
    """

    group: list[str] = pydantic.Field(min_items=1)
    stage: str
    time: str

    judged_by: ClassVar[tuple[str, ...]] = ("time", "group", "stage")
    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.VALIDITY,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "groups", "history")
    names_columns: ClassVar[Mapping[str, str | None]] = {"time": "date", "stage": "number", "group": None}
    map_metric: ClassVar[str] = "stages.in_order"
    success_keys: ClassVar[tuple[str, ...]] = (*StagesInOrder.condition_value_keys, "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("group", "stage", "time")

    class Config:
        title = "Expect stages to be in order"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _not_of_the_group(cls, values: dict[str, Any]) -> dict[str, Any]:
        if both := {values.get("stage"), values.get("time")} & set(values.get("group") or []):
            raise ValueError(f"{', '.join(sorted(map(str, both)))} is in group: nothing would come before anything")
        return values

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        where, params = joined(kwargs["group"], ", ", "group")
        params |= {"stage": kwargs["stage"], "time": kwargs["time"]}
        return f"in every group of {where} $time must not be before the first $time of a lower $stage", params
