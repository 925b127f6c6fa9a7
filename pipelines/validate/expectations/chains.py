"""References from row to row that must come to an end: a group of companies has a top."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import pandas as pd
import sqlalchemy as sa
from great_expectations.compatibility import pydantic
from great_expectations.expectations.metadata_types import DataQualityIssues

from pipelines.validate.expectations.conditions import RowsFail
from pipelines.validate.expectations.described import add_metadata, metadata
from pipelines.validate.expectations.sequences import NOT_ON_SPARK, ON_TWO_ENGINES
from pipelines.validate.expectations.together import Together

Step = tuple[str, str]


def in_circles(steps: Iterable[Step]) -> set[Step]:
    """The steps (from, to) by which one comes back to where one was; those that lead into a circle are not of it.

    >>> sorted(in_circles([("a", "b"), ("b", "c"), ("c", "b"), ("d", "d")]))
    [('b', 'c'), ('c', 'b')]
    """
    ways: dict[str, list[str]] = {}
    for start, end in steps:
        if start != end:
            ways.setdefault(start, []).append(end)
    part = _parts(ways)
    return {(start, end) for start, ends in ways.items() for end in ends if part[start] == part[end]}


def _parts(ways: Mapping[str, list[str]]) -> dict[str, int]:
    """Each place with the number of its part: places of one part can be reached from each other (Tarjan 1972)."""
    found, lowest, part, open_places = dict[str, int](), dict[str, int](), dict[str, int](), list[str]()
    for first in ways:
        if first in found:
            continue
        walk = [(first, iter(ways[first]))]
        found[first] = lowest[first] = len(found)
        open_places.append(first)
        while walk:
            place, rest = walk[-1]
            following = next((e for e in rest if e not in part), None)
            if following is None:
                walk.pop()
                if walk:
                    lowest[walk[-1][0]] = min(lowest[walk[-1][0]], lowest[place])
                if lowest[place] == found[place]:
                    number, other = len(part), None
                    while other != place:
                        other = open_places.pop()
                        part[other] = number
            elif following in found:
                lowest[place] = min(lowest[place], found[following])
            else:
                found[following] = lowest[following] = len(found)
                open_places.append(following)
                walk.append((following, iter(ways.get(following, ()))))
    return part


class ChainsEnd(RowsFail):
    """Metric: rows whose reference leads, over other rows, back to them."""

    condition_metric_name = "chains.end"
    condition_value_keys: ClassVar[tuple[str, ...]] = ("column", "parent")

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        steps = list(zip(frame[args["column"]], frame[args["parent"]], strict=True))
        circles = in_circles(steps)
        return pd.Series([step in circles for step in steps], index=frame.index, dtype=bool)

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """See `RowsFail`."""
        own: sa.ColumnClause[Any] = sa.column(args["column"])
        parent: sa.ColumnClause[Any] = sa.column(args["parent"])
        steps = sa.select(own.label("_from"), parent.label("_to")).select_from(rows).where(own != parent)
        step = steps.subquery("step")
        reached = sa.select(step.c["_from"], step.c["_to"]).cte("reached", recursive=True)
        again = steps.subquery("again")
        more = sa.select(reached.c["_from"], again.c["_to"]).join(again, again.c["_from"] == reached.c["_to"])
        reached = reached.union(more)
        back = sa.tuple_(parent, own).in_(sa.select(reached.c["_from"], reached.c["_to"]).correlate(None))
        return sa.func.coalesce(sa.and_(own != parent, back), sa.false())

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        raise NotImplementedError(f"{cls.condition_metric_name} {NOT_ON_SPARK}")


class ExpectChainsToEnd(Together):
    """Expect references from row to row to come to an end: no company is, by way of others, its own parent.

    ExpectChainsToEnd is a Multicolumn Map Expectation: every row of a circle fails, those that only lead into one do
    not. In the gate the chains also go over what is current of the client in the warehouse and stays so beside the
    delivery. A row that refers to itself is no circle; another rule can say whether that is right. Rows without one of
    the values are not judged.

    Args:
        column (str): the column that names a row.
        parent (str): the column with the name of the row that it refers to.

    Other Parameters:
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of, and that chains are made of. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL.

    Example:
        C1 → C2, C2 → C3 → passes
        C1 → C2, C2 → C1 → both rows fail

        ExpectChainsToEnd(column="customer_id", parent="related_customer_id")
    """

    column: str
    parent: str

    judged_by: ClassVar[tuple[str, ...]] = ("column", "parent")
    engines: ClassVar[Sequence[str]] = ON_TWO_ENGINES
    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.VALIDITY,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "history")
    names_columns: ClassVar[Mapping[str, str | None]] = {"column": "text", "parent": "text"}
    map_metric: ClassVar[str] = "chains.end"
    success_keys: ClassVar[tuple[str, ...]] = ("column", "parent", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "parent")

    class Config:
        title = "Expect chains to end"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _two_columns(cls, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("column") and values.get("column") == values.get("parent"):
            raise ValueError(f"column and parent are both {values['column']!r}")
        return values

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        return "from $column to $parent and on, one must never come back", {c: kwargs[c] for c in ("column", "parent")}
