"""Rows and totals that must agree with another feed of the client. Only the gate can look them up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, NoReturn

import pandas as pd
import sqlalchemy as sa
from great_expectations.compatibility import pydantic
from great_expectations.expectations.expectation import MulticolumnMapExpectation
from great_expectations.expectations.metadata_types import DataQualityIssues

from pipelines.validate.expectations.conditions import RowsFail
from pipelines.validate.expectations.described import Described, GateKind, add_metadata, joined, metadata

Word = str | bool | int | float
Words = Word | None | list[Word | None]


class _GateOnly(RowsFail):
    """Metric of a rule that needs another feed: outside the gate it says so."""

    @classmethod
    def _refuse(cls, args: Mapping[str, Any]) -> NoReturn:
        raise ValueError(
            f"what is in {args['feed']} is known to the gate only: bring the rows as a delivery, or on a database "
            "write the comparison as a query of your own"
        )

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        cls._refuse(args)

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """See `RowsFail`."""
        cls._refuse(args)

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        cls._refuse(args)


class RowsMatchFeed(_GateOnly):
    """Metric: rows whose values do not occur together in a row of another feed."""

    condition_metric_name = "rows.match_feed"
    condition_value_keys: ClassVar[tuple[str, ...]] = (
        "feed", "match", "or_match", "where", "date", "valid_from", "valid_to", "latest", "not_after",
        "not_after_where", "unless_equal", "ignore_if_missing",
    )  # fmt: skip


class TotalsMatchFeed(_GateOnly):
    """Metric: rows of combinations of values whose total is not the one of another feed."""

    condition_metric_name = "totals.match_feed"
    condition_value_keys: ClassVar[tuple[str, ...]] = (
        "feed", "match", "amount", "plus", "minus", "where", "instead", "feed_instead", "if_known",
    )  # fmt: skip


class _Matches(Described, MulticolumnMapExpectation):  # type: ignore[misc]
    """Common part: `column_list` and `ignore_row_if` follow from the other arguments."""

    feed: str
    match: dict[str, str]
    where: dict[str, Words] | None = None
    column_list: list[str] = pydantic.Field(default_factory=list)
    ignore_row_if: str = "any_value_is_missing"

    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.MULTI_SOURCE,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "reference")
    gate_kind: ClassVar[GateKind] = "reference"
    engines: ClassVar[Sequence[str]] = ()

    @classmethod
    def _own(cls, values: Mapping[str, Any]) -> Iterable[str]:
        """The columns that a row must have to be judged, the one its rejects point at first."""
        raise NotImplementedError

    @pydantic.validator("column_list")  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _validate_column_list(cls, value: list[str]) -> list[str]:
        """A row may be matched by one column; Great Expectations would ask for two."""
        return value

    @pydantic.validator("feed")  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _feed_has_a_domain(cls, value: str) -> str:
        if value.count(".") != 1:
            raise ValueError(f"feed is {value!r}, expected domain.feed")
        return value

    @pydantic.validator("match")  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _match_names_a_column(cls, value: dict[str, str]) -> dict[str, str]:
        if not value:
            raise ValueError("match names no column")
        return value

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _fill_domain(cls, values: dict[str, Any]) -> dict[str, Any]:
        return {**values, "column_list": list(dict.fromkeys(cls._own(values))), "ignore_row_if": "any_value_is_missing"}


class ExpectRowsToMatchFeed(_Matches):
    """Expect the values of a row to occur together in one row of another feed of the same client.

    ExpectRowsToMatchFeed is a Multicolumn Map Expectation. It is for what a reference by one column cannot say: a key
    of several columns, a row that must be valid on the row's date, the newest row not after it. The gate compares with
    the rows of the other feed that are current when the delivery is judged; a feed that the client does not deliver is
    not compared with, and the result says so; one that it delivers without any row lacks every value. A row that lacks
    one of its own columns named here is not judged. `check` refuses a critical rule between feeds that the contracts
    put in no order. The other feed may be the delivery's own: then its rows count as well.

    Args:
        feed (str): the other feed, `domain.feed`.
        match (dict): own column → column of that feed with the same value.

    Other Parameters:
        or_match (dict or None): the same in another way, of which one suffices: a rate by its inverse.
        where (dict or None): columns of the other feed → value, or list of values, they must have; null = none.
        date (str or None): own column with the day on which the other row must be valid.
        valid_from, valid_to (str or None): columns of the other feed with its first and its last day; an empty
            `valid_to` = still valid.
        latest (bool): of the rows that match, only the one with the newest `valid_from` not after the date counts, and
            must fulfil `where`. Default false.
        not_after (dict or None): own column → column of the other feed that it may not be after; empty there = no
            limit.
        not_after_where (dict or None): as `where`, for the rows whose dates in `not_after` are a limit at all.
        unless_equal (list or None): two own columns; rows in which they are equal are not judged.
        ignore_if_missing (list or None): further own columns; a row that lacks one of them is not judged.
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: none; only the gate can look up the other feed, and elsewhere it says so.

    Example:
        entry of E1 on 2026-03-31, period 2026-03 of E1 from 2026-03-01 to 2026-03-31 → passes
        entry of E1 on 2026-04-01, no period of E1 around that day → fails

        ExpectRowsToMatchFeed(feed="ledgers.fiscal_periods", match={"entity_code": "entity_code"},
            date="posting_date", valid_from="start_date", valid_to="end_date", where={"is_adjustment": False})
    """

    or_match: dict[str, str] | None = None
    date: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    latest: bool = False
    not_after: dict[str, str] | None = None
    not_after_where: dict[str, Words] | None = None
    unless_equal: list[str] | None = pydantic.Field(None, min_items=2, max_items=2)
    ignore_if_missing: list[str] | None = None

    map_metric: ClassVar[str] = "rows.match_feed"
    success_keys: ClassVar[tuple[str, ...]] = (*RowsMatchFeed.condition_value_keys, "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("feed", "match")

    class Config:
        title = "Expect rows to match feed"
        schema_extra = add_metadata

    @classmethod
    def _own(cls, values: Mapping[str, Any]) -> Iterable[str]:
        # in an order of their own, as tools that write JSON put the keys of an object in order
        for name in ("match", "or_match"):
            yield from sorted(values.get(name) or {})
        yield from [values["date"]] if values.get("date") else []
        for name in ("not_after", "unless_equal", "ignore_if_missing"):
            yield from sorted(values.get(name) or [])

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _dates_go_together(cls, values: dict[str, Any]) -> dict[str, Any]:
        bounds = [name for name in ("valid_from", "valid_to") if values.get(name)]
        if bool(values.get("date")) != bool(bounds):
            raise ValueError("date, an own column, goes together with valid_from or valid_to of the other feed")
        if values.get("latest") and bounds != ["valid_from"]:
            raise ValueError("latest needs valid_from, and no valid_to: the next row ends the one before")
        if values.get("not_after_where") and not values.get("not_after"):
            raise ValueError("not_after_where needs not_after")
        turned = values.get("or_match")
        if turned and set(turned.values()) != set((values.get("match") or {}).values()):
            raise ValueError("or_match names other columns of the feed than match; it is the same the other way round")
        return values

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        own, params = joined(list(kwargs["match"]), ", ", "own")
        params["known"] = f"{kwargs['feed']} ({', '.join(kwargs['match'].values())})"
        template = f"{own} must occur together in $known"
        if other := kwargs.get("or_match"):
            params["turned"] = ", ".join(other.values())
            template += " or ($turned)"
        if where := kwargs.get("where"):
            params["where"] = _said(where)
            template += " where $where"
        if kwargs.get("date"):
            params |= {"day": kwargs["date"], "since": str(kwargs.get("valid_from") or "the beginning")}
            params["until"] = str(
                kwargs.get("valid_to") or ("the next one" if kwargs.get("latest") else "further notice")
            )
            template += ", valid on $day (from $since to $until)"
        for mine, theirs in (kwargs.get("not_after") or {}).items():
            params |= {f"late_{mine}": mine, f"end_{mine}": theirs}
            template += f", with $late_{mine} not after $end_{mine}"
        if limited := kwargs.get("not_after_where"):
            params["limited"] = _said(limited)
            template += " where $limited"
        return template, params


class ExpectTotalsToMatchFeed(_Matches):
    """Expect totals per combination of values to be those of another feed of the same client.

    ExpectTotalsToMatchFeed is a Multicolumn Map Expectation: where the sums differ, every row of that combination
    fails, and its message says by how much. It is for a sub-ledger and its control account, for balances and the
    entries behind them. The amounts of the feed are those it will have once the delivery is loaded: its rows, and what
    stays current of other sources, of other periods, and beside a delta or a correction; of a ledger whose periods
    replace each other no other period of the delivery's source, and of other sources the newest. Those of the other
    feed are its current rows. Only combinations that occur in the delivery are judged; one that the other feed lacks is
    0 there. A feed that the client does not deliver is not compared with, and the result says so; one that it delivers
    without any row is a difference. Name the currency in `match`, so that no sum mixes them.

    Args:
        match (dict): own column → column of the other feed; together they name a combination. Rows without a value in
            one of them are not judged.
        amount (str): the own column that is added up; a missing amount counts as 0.
        feed (str): the other feed, `domain.feed`.
        plus, minus (list of str): columns of that feed that are added and taken off.

    Other Parameters:
        where (dict or None): columns of the other feed → value, or list of values, they must have; null = none.
        instead, feed_instead (dict or None): column → the one that counts where it is empty, in the own and in the
            other feed. A date that stands in for a text is its month, YYYY-MM.
        if_known (list or None): own columns of `match`; rows whose values in them the other feed does not have at all
            are not judged.
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: none; only the gate can look up the other feed, and elsewhere it says so.

    Example:
        open invoices on account 1600: 60.00 + 40.00; entries on 1600: credit 150.00, debit 50.00 → passes
        open invoices on account 1610: 60.00; entries on 1610: credit 59.99 → the row fails

        ExpectTotalsToMatchFeed(feed="ledgers.gl_entries", amount="open_amount", plus=["credit_amount"],
            minus=["debit_amount"], match={"control_account_id": "account_id", "currency_code": "currency_code"})
    """

    amount: str
    plus: list[str] = pydantic.Field(default_factory=list)
    minus: list[str] = pydantic.Field(default_factory=list)
    instead: dict[str, str] | None = None
    feed_instead: dict[str, str] | None = None
    if_known: list[str] | None = None

    map_metric: ClassVar[str] = "totals.match_feed"
    success_keys: ClassVar[tuple[str, ...]] = (*TotalsMatchFeed.condition_value_keys, "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("match", "amount", "feed", "plus", "minus")

    class Config:
        title = "Expect totals to match feed"
        schema_extra = add_metadata

    @classmethod
    def _own(cls, values: Mapping[str, Any]) -> Iterable[str]:
        instead = values.get("instead") or {}
        for name in sorted(values.get("match") or {}):
            yield instead.get(name, name)

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _something_to_add(cls, values: dict[str, Any]) -> dict[str, Any]:
        if not values.get("plus") and not values.get("minus"):
            raise ValueError("name the columns of the other feed that are added: plus, minus or both")
        if outside := set(values.get("if_known") or []) - set(values.get("match") or {}):
            raise ValueError(f"if_known names {', '.join(sorted(outside))}, which is not in match")
        return values

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        own, params = joined(list(kwargs["match"]), ", ", "own")
        signed = [f"+ {c}" for c in kwargs.get("plus") or []] + [f"− {c}" for c in kwargs.get("minus") or []]
        params |= {"amount": kwargs["amount"], "other": " ".join(signed).removeprefix("+ "), "feed": kwargs["feed"]}
        template = f"for each {own} the sum of $amount must equal that of $other in $feed"
        if where := kwargs.get("where"):
            params["where"] = _said(where)
            template += " where $where"
        return template + ", to the cent", params


def _said(where: Mapping[str, Any]) -> str:
    each = ((c, v if isinstance(v, list) else [v]) for c, v in where.items())
    return " and ".join(f"{c} = {' or '.join('none' if v is None else str(v) for v in values)}" for c, values in each)
