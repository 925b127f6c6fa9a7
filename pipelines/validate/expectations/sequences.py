"""Sequences without a gap: statement 12 follows statement 11, and opens with the balance that one closed with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, ClassVar

import pandas as pd
import sqlalchemy as sa
from great_expectations.compatibility import pydantic
from great_expectations.expectations.metadata_types import DataQualityIssues

from pipelines.validate.expectations.conditions import RowsFail
from pipelines.validate.expectations.described import Described, GateKind, add_metadata, joined, metadata
from pipelines.validate.expectations.exact import pandas_units
from pipelines.validate.expectations.together import Together

NOT_ON_SPARK = "compares rows with other rows; on Spark that is not offered: use pandas, PostgreSQL or the gate"
ON_TWO_ENGINES = Described.engines[:2]


class SequencesUnbroken(RowsFail):
    """Metric: rows of a member of a sequence that does not follow the one before it."""

    condition_metric_name = "sequences.unbroken"
    condition_value_keys: ClassVar[tuple[str, ...]] = ("group", "number", "date", "opening", "closing")

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        balances = [args[name] for name in ("opening", "closing") if args.get(name)]
        units = pandas_units(frame, balances, None)
        known = {c: frame[c].notna() for c in balances}
        groups = list(zip(*(frame[c] for c in args["group"]), strict=True))
        dates = pd.to_datetime(frame[args["date"]]) if args.get("date") else [0] * len(frame)
        places = list(zip(dates, frame[args["number"]], strict=True))
        members: dict[Any, dict[Any, list[list[int]]]] = defaultdict(dict)
        for at, (group, place) in enumerate(zip(groups, places, strict=True)):
            stated = members[group].setdefault(place, [[] for _ in balances])
            for values, column in zip(stated, balances, strict=True):
                if known[column].iloc[at]:
                    values.append(units[column].iloc[at])
        broken = {(group, place) for group, of in members.items() for place in _broken(of, bool(args.get("date")))}
        return pd.Series([key in broken for key in zip(groups, places, strict=True)], index=frame.index, dtype=bool)

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """See `RowsFail`."""
        dates = [args["date"]] if args.get("date") else []
        names = [*args["group"], *dates, args["number"]]
        key: list[sa.ColumnClause[Any]] = [sa.column(c) for c in names]
        members = sa.select(*key).select_from(rows).where(*(k.is_not(None) for k in key)).group_by(*key)
        if args.get("opening"):
            members = members.add_columns(
                sa.func.min(sa.column(args["opening"])).label("_opening"),
                sa.func.max(sa.column(args["closing"])).label("_closing"),
            )
        found = members.subquery("members")
        group, order = [found.c[c] for c in args["group"]], [found.c[c] for c in (*dates, args["number"])]

        def before(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
            return sa.func.lag(column).over(partition_by=group, order_by=order)

        number = found.c[args["number"]]
        follows = number == before(number) + 1
        if dates:
            year = sa.func.date_part("year", found.c[dates[0]])
            follows = sa.or_(follows, sa.and_(number == 1, year > before(year)))
        broken = sa.not_(follows)
        if args.get("opening"):
            broken = sa.or_(broken, found.c["_opening"] != before(found.c["_closing"]))
        placed = sa.select(*(found.c[c] for c in names), broken.label("_broken")).subquery("placed")
        return sa.tuple_(*key).in_(sa.select(*(placed.c[c] for c in names)).where(placed.c["_broken"]).correlate(None))

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        raise NotImplementedError(f"{cls.condition_metric_name} {NOT_ON_SPARK}")


def _broken(members: Mapping[Any, list[list[int]]], dated: bool) -> list[Any]:
    """Places that do not follow the one before them."""
    out, order = [], sorted(members)
    for before, place in pairwise(order):
        follows = place[1] == before[1] + 1
        if dated and place[1] == 1 and place[0].year > before[0].year:
            follows = True
        balances = [*members[place][:1], *members[before][1:]]
        if len(balances) == 2 and all(balances):
            follows &= min(balances[0]) == max(balances[1])
        if not follows:
            out.append(place)
    return out


class ExpectSequencesToBeUnbroken(Together):
    """Expect the numbers of every group to go on by one, each opening with what the one before it closed with.

    ExpectSequencesToBeUnbroken is a Multicolumn Map Expectation: all rows of a number that does not follow the one
    before it fail, and only they: a number after a gap, or one whose opening balance differs. The first one passes. In
    the gate a number also follows what is current of the client in the warehouse, but for rows that the delivery
    replaces. Rows without a number, or without a value in one of the group's columns, are not judged; missing balances
    are not compared.

    Args:
        group (list of str): columns that together name a sequence, e.g. the bank account.
        number (str): the column with the number; rows of one number belong together.

    Other Parameters:
        opening, closing (str or None): the columns that repeat the balance before and after a number.
        date (str or None): the column with its day: numbers are put in order by it first, and in a new calendar year
            they may start at 1 again, as those of many banks do.
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL.

    Example:
        statement 11 closes with 90.00, statement 12 opens with 90.00 → passes
        statement 11 closes with 90.00, statement 13 opens with 90.00 → the rows of 13 fail: 12 is missing

        ExpectSequencesToBeUnbroken(
            group=["bank_account_id"], number="statement_number", opening="opening_amount", closing="closing_amount",
        )
    """

    group: list[str] = pydantic.Field(min_items=1)
    number: str
    opening: str | None = None
    closing: str | None = None
    date: str | None = None

    judged_by: ClassVar[tuple[str, ...]] = ("group", "number", "date")
    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.COMPLETENESS,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "groups", "history")
    gate_kind: ClassVar[GateKind] = "group"
    engines: ClassVar[Sequence[str]] = ON_TWO_ENGINES
    names_columns: ClassVar[Mapping[str, str | None]] = {
        "number": "number", "opening": "number", "closing": "number", "date": "date", "group": None,
    }  # fmt: skip
    map_metric: ClassVar[str] = "sequences.unbroken"
    success_keys: ClassVar[tuple[str, ...]] = ("group", "number", "date", "opening", "closing", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("group", "number")

    class Config:
        title = "Expect sequences to be unbroken"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _both_balances(cls, values: dict[str, Any]) -> dict[str, Any]:
        if bool(values.get("opening")) != bool(values.get("closing")):
            raise ValueError("opening and closing go together: what one number closes with, the next one opens with")
        if values.get("number") in (values.get("group") or []):
            raise ValueError(f"{values['number']} is in group: each number would be a sequence of its own")
        return values

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        where, params = joined(kwargs["group"], ", ", "group")
        params["number"] = kwargs["number"]
        template = f"in every group of {where} $number must go on by one"
        if date := kwargs.get("date"):
            params["date"] = date
            template += " in the order of $date, or start again with a year"
        if kwargs.get("opening"):
            params |= {"opening": kwargs["opening"], "closing": kwargs["closing"]}
            template += ", and $opening must be the $closing before it"
        return template, params
