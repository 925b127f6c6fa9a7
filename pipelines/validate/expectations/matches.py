"""Rows and totals that must agree with another feed of the client. Only the gate can look them up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from great_expectations.compatibility import pydantic
from great_expectations.expectations.expectation import MulticolumnMapExpectation
from great_expectations.expectations.metadata_types import DataQualityIssues

from pipelines.validate.expectations.conditions import GateOnly
from pipelines.validate.expectations.described import Described, GateKind, add_metadata, joined, metadata

Word = str | bool | int | float
Words = Word | None | list[Word | None]


class RowsMatchFeed(GateOnly):
    """Metric: rows whose values do not occur together in a row of another feed."""

    condition_metric_name = "rows.match_feed"
    condition_value_keys: ClassVar[tuple[str, ...]] = (
        "feed", "match", "or_match", "where", "date", "date_from", "valid_from", "valid_to", "grace_days", "latest",
        "equals", "times", "not_after", "not_after_where", "not_before", "feed_instead", "if_known", "unless_equal",
        "ignore_if_missing", "needed",
    )  # fmt: skip


class TotalsMatchFeed(GateOnly):
    """Metric: rows of combinations of values whose total is not the one of another feed."""

    condition_metric_name = "totals.match_feed"
    condition_value_keys: ClassVar[tuple[str, ...]] = (
        "feed", "match", "amount", "plus", "minus", "where", "instead", "feed_instead", "if_known", "if_stated",
        "count", "kinds", "feed_kinds", "during", "tolerance_per_line",
    )  # fmt: skip


class Matches(Described, MulticolumnMapExpectation):  # type: ignore[misc]
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


class ExpectRowsToMatchFeed(Matches):
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
        date_from (str or None): own column with the first day, where a row speaks for several days up to `date`: it is
            enough that the other row is valid on one of them.
        valid_from, valid_to (str or None): columns of the other feed with its first and its last day; an empty
            `valid_to` = still valid.
        grace_days (int): days for which the other row counts as valid beyond its `valid_to`. Default 0.
        latest (bool): of the rows that match, only the one with the newest `valid_from` not after the date counts, and
            must fulfil `where` and `equals`; with `date_from` also those it followed on one of the days. Default false.
        equals (dict or None): own column → column of the other feed that must hold the same value, or none.
        times (dict or None): own column of `equals` → numbers; the own value may also be the other one times one of
            them, to half a cent: overtime at 1.5 times the rate.
        not_after (dict or None): own column → column of the other feed that it may not be after; empty there = no
            limit.
        not_after_where (dict or None): as `where`, for the rows whose dates in `not_after` are a limit at all.
        not_before (dict or None): own column → column of the other feed that it may not be before; empty there = no
            limit. Of several rows that match one suffices.
        feed_instead (dict or None): column of the other feed → the one that counts where it is empty.
        if_known (bool): rows for whose values in `match` the other feed has no row at all are not judged: that there is
            one is another rule. Default false.
        unless_equal (list or None): two own columns; rows in which they are equal are not judged.
        ignore_if_missing (list or None): further own columns; a row that lacks one of them is not judged.
        needed (bool): of a client that does not deliver the other feed, no row passes: what only that feed could
            permit is not permitted. Default false.
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
    date_from: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    grace_days: int = pydantic.Field(0, ge=0)
    latest: bool = False
    equals: dict[str, str] | None = None
    times: dict[str, list[float]] | None = None
    not_after: dict[str, str] | None = None
    not_after_where: dict[str, Words] | None = None
    not_before: dict[str, str] | None = None
    feed_instead: dict[str, str] | None = None
    if_known: bool = False
    unless_equal: list[str] | None = pydantic.Field(None, min_items=2, max_items=2)
    ignore_if_missing: list[str] | None = None
    needed: bool = False

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
        yield from (values[name] for name in ("date", "date_from") if values.get(name))
        for name in ("equals", "not_after", "not_before", "unless_equal", "ignore_if_missing"):
            yield from sorted(values.get(name) or [])

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _dates_go_together(cls, values: dict[str, Any]) -> dict[str, Any]:
        bounds = [name for name in ("valid_from", "valid_to") if values.get(name)]
        if bool(values.get("date")) != bool(bounds):
            raise ValueError("date, an own column, goes together with valid_from or valid_to of the other feed")
        if values.get("latest") and bounds != ["valid_from"]:
            raise ValueError("latest needs valid_from, and no valid_to: the next row ends the one before")
        if values.get("date_from") and not values.get("date"):
            raise ValueError("date_from, the first day, needs date, the last one")
        if values.get("grace_days") and not values.get("valid_to"):
            raise ValueError("grace_days needs valid_to: the days come after it")
        if outside := set(values.get("times") or {}) - set(values.get("equals") or {}):
            raise ValueError(f"times names {', '.join(sorted(outside))}, which is not in equals")
        if values.get("not_after_where") and not values.get("not_after"):
            raise ValueError("not_after_where needs not_after")
        if values.get("if_known") and values.get("or_match"):
            raise ValueError("if_known and or_match do not go together: known in one way or the other?")
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
            params["where"] = said_where(where)
            template += " where $where"
        if kwargs.get("date"):
            params |= {"day": kwargs["date"], "since": str(kwargs.get("valid_from") or "the beginning")}
            params["until"] = str(
                kwargs.get("valid_to") or ("the next one" if kwargs.get("latest") else "further notice")
            )
            template += ", valid on $day (from $since to $until)"
        if kwargs.get("date_from"):
            params["first"] = kwargs["date_from"]
            template = template.replace("valid on $day", "valid on a day from $first to $day")
        if grace := kwargs.get("grace_days"):
            params["grace"] = str(grace)
            template = template.replace("$until)", "$until and $grace days more)")
        for mine, theirs in (kwargs.get("equals") or {}).items():
            params |= {f"same_{mine}": mine, f"as_{mine}": theirs}
            template += f", with $same_{mine} as in $as_{mine}"
            if times := (kwargs.get("times") or {}).get(mine):
                params[f"times_{mine}"] = " or ".join(f"{n:g}" for n in times)
                template += f" or $times_{mine} times that"
        for mine, theirs in (kwargs.get("not_after") or {}).items():
            params |= {f"late_{mine}": mine, f"end_{mine}": theirs}
            template += f", with $late_{mine} not after $end_{mine}"
        for mine, theirs in (kwargs.get("not_before") or {}).items():
            params |= {f"early_{mine}": mine, f"start_{mine}": theirs}
            template += f", with $early_{mine} not before $start_{mine}"
        for column, other in (kwargs.get("feed_instead") or {}).items():
            params |= {f"empty_{column}": column, f"other_{column}": other}
            template += f", $other_{column} counting where $empty_{column} is empty"
        if kwargs.get("if_known"):
            template += ", if it is known there"
        if limited := kwargs.get("not_after_where"):
            params["limited"] = said_where(limited)
            template += " where $limited"
        return template + (", which the client must deliver" if kwargs.get("needed") else ""), params


class ExpectTotalsToMatchFeed(Matches):
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
        amount (str or None): the own column that is added up, unless `count` says what is counted; a missing amount
            counts as 0.
        feed (str): the other feed, `domain.feed`.
        plus, minus (list of str): columns of that feed that are added and taken off.

    Other Parameters:
        where (dict or None): columns of the other feed → value, or list of values, they must have; null = none.
        instead, feed_instead (dict or None): column → the one that counts where it is empty, in the own and in the
            other feed. A date that stands in for a text is its month, YYYY-MM.
        if_known (list or None): own columns of `match`; rows whose values in them the other feed does not have at all
            are not judged.
        if_stated (bool): combinations for which the other feed states nothing in `plus` and `minus` are not judged.
            Default false.
        count (list or None): own columns whose different values are counted, instead of an amount that is added up: the
            employees of a run.
        kinds, feed_kinds (dict or None): how the lines of the own and of the other feed count by their kind: `column`
            with the kind, `plus` and `minus` the kinds that are added and taken off, `total` the kinds that state what
            comes of it. Where there is a line of these it counts, and not the parts. Looked at for each combination,
            and for each value of further columns `per`: a run has payslips with and without a line of the net.
        during (dict or None): `date`, a column of the other feed whose days must lie from the own column `start` to the
            own column `end`: hours worked in the period that is paid.
        tolerance_per_line (float): how far the sums may be apart for each line added up, on the side that has more of
            them: 0.005 where amounts of lines are rounded each and the total is rounded once. Default 0.
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

    amount: str | None = None
    count: list[str] | None = None
    plus: list[str] = pydantic.Field(default_factory=list)
    minus: list[str] = pydantic.Field(default_factory=list)
    instead: dict[str, str] | None = None
    feed_instead: dict[str, str] | None = None
    if_known: list[str] | None = None
    if_stated: bool = False
    kinds: dict[str, Any] | None = None
    feed_kinds: dict[str, Any] | None = None
    during: dict[str, str] | None = None
    tolerance_per_line: float = 0.0

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
        yield from ((values.get("during") or {})[n] for n in ("start", "end") if n in (values.get("during") or {}))

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _something_to_add(cls, values: dict[str, Any]) -> dict[str, Any]:
        if not values.get("plus") and not values.get("minus"):
            raise ValueError("name the columns of the other feed that are added: plus, minus or both")
        if bool(values.get("amount")) == bool(values.get("count")):
            raise ValueError("either amount is added up, or the values of count are counted")
        if values.get("count") and values.get("kinds"):
            raise ValueError("kinds say how amounts count; what is counted has none")
        if (allowed := values.get("tolerance_per_line")) and (values.get("count") or allowed < 0):
            raise ValueError("tolerance_per_line is what amounts may be apart: above 0, and not for what is counted")
        if outside := set(values.get("if_known") or []) - set(values.get("match") or {}):
            raise ValueError(f"if_known names {', '.join(sorted(outside))}, which is not in match")
        for name in ("kinds", "feed_kinds"):
            if (given := values.get(name)) is not None and (wrong := _wrong_kinds(given)):
                raise ValueError(f"{name} {wrong}")
        during = values.get("during")
        if during is not None and set(during) != {"date", "start", "end"}:
            raise ValueError("during needs date, a column of the other feed, and start and end, two own ones")
        return values

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        own, params = joined(list(kwargs["match"]), ", ", "own")
        signed = [f"+ {c}" for c in kwargs.get("plus") or []] + [f"− {c}" for c in kwargs.get("minus") or []]
        params |= {"other": " ".join(signed).removeprefix("+ "), "feed": kwargs["feed"]}
        params["amount"] = kwargs.get("amount") or ", ".join(kwargs["count"])
        what = "the sum of" if kwargs.get("amount") else "the number of different"
        template = f"for each {own} {what} $amount must equal that of $other in $feed"
        if where := kwargs.get("where"):
            params["where"] = said_where(where)
            template += " where $where"
        if during := kwargs.get("during"):
            params |= {"day": during["date"], "first": during["start"], "last": during["end"]}
            template += ", $day from $first to $last"
        for name, place in (("kinds", "$amount"), ("feed_kinds", "$other")):
            if given := kwargs.get(name):
                params[name] = _by_kind(given)
                template = template.replace(f"{place} ", f"{place} (${name}) ", 1)
        if allowed := kwargs.get("tolerance_per_line"):
            params["allowed"] = f"{allowed:g}"
            return template + ", within $allowed for each line", params
        return template + ", to the cent", params


_SIDES = ("plus", "minus", "total")


def _wrong_kinds(given: Any) -> str:
    """What is wrong with `kinds`; empty when nothing is."""
    known = {"column", *_SIDES, "per"}
    if not isinstance(given, dict) or not isinstance(given.get("column"), str):
        return "needs a column, the one with the kind"
    if more := set(given) - known:
        return f"knows {', '.join(sorted(known))}, and not {', '.join(sorted(map(str, more)))}"
    lists = [given.get(name) or [] for name in (*_SIDES, "per")]
    if any(not isinstance(each, list) for each in lists):
        return "has plus, minus, total and per as lists"
    named = [k for each in lists[:3] for k in each]
    if not named:
        return "names no kind"
    twice = sorted({str(k) for k in named if named.count(k) > 1})
    return f"names {', '.join(twice)} twice: a line counts once" if twice else ""


def _by_kind(given: Mapping[str, Any]) -> str:
    """`kind_code: net, else earning − tax`."""
    signed = [f"+ {k}" for k in given.get("plus") or []] + [f"− {k}" for k in given.get("minus") or []]
    parts = " ".join(signed).removeprefix("+ ")
    ways = [" + ".join(given.get("total") or []), parts]
    return f"{given['column']}: {', else '.join(way for way in ways if way)}"


def said_where(where: Mapping[str, Any]) -> str:
    """`status_code = open or none and is_adjustment = False`."""
    each = ((c, v if isinstance(v, list) else [v]) for c, v in where.items())
    return " and ".join(f"{c} = {' or '.join('none' if v is None else str(v) for v in values)}" for c, values in each)
