"""Rows and totals beside those of another feed of the client, as SQL on the work table and core.

Every question is asked once for each combination of values that occurs, and the answers are joined back by hashing: a
delivery of a million entries has a few thousand days and accounts.
"""

# ruff: noqa: S608 (names of columns and tables come from contracts, which allow letters, digits and _ only)

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipelines.contract import Contract
from pipelines.validate import aggregates, conditions, feed_rules, stock_rules, tariff_rules
from pipelines.validate.aggregates import value_of
from pipelines.validate.expectations import (
    ExpectAmountsToFollowTariff,
    ExpectPositionsToRollForward,
    ExpectRowsToMatchFeed,
    ExpectTotalsToMatchFeed,
    ExpectUnitsToBeKnown,
    ExpectValuesToBeNearFeed,
)
from pipelines.validate.judge import Measurement, observed
from pipelines.validate.set_rules import SetRules
from pipelines.validate.staying import staying
from pipelines.validate.suites import Rule
from pipelines.warehouse.connection import without_loops

_SHOWN = 3
"""Combinations that differ which the result itself names; all of them are in its rows."""
_CURRENT = "client_id = :client and _known_to is null"


def look_up(sets: SetRules, rule: Rule) -> Measurement:
    """A rule that a suite states about another feed."""
    if isinstance(rule.expectation, ExpectUnitsToBeKnown):
        with without_loops(sets.conn):
            return feed_rules.units(sets, rule, rule.expectation)
    feed = rule.expectation.feed
    needed = getattr(rule.expectation, "needed", False)
    if feed != sets.contract.feed and not needed and not sets.delivers(feed):
        return Measurement(rule, 0, {}, note=f"{sets.delivery.client_id} delivers no {feed}", excused=True)
    with without_loops(sets.conn):
        if isinstance(rule.expectation, ExpectRowsToMatchFeed):
            return _rows(sets, rule, rule.expectation)
        if isinstance(rule.expectation, ExpectTotalsToMatchFeed):
            return _totals(sets, rule, rule.expectation)
        if isinstance(rule.expectation, ExpectAmountsToFollowTariff):
            return tariff_rules.follow(sets, rule, rule.expectation)
        if isinstance(rule.expectation, ExpectPositionsToRollForward):
            return stock_rules.positions(sets, rule, rule.expectation)
        if isinstance(rule.expectation, ExpectValuesToBeNearFeed):
            return stock_rules.near(sets, rule, rule.expectation)
    return feed_rules.known(sets, rule)


def _rows(sets: SetRules, rule: Rule, expectation: ExpectRowsToMatchFeed) -> Measurement:
    """Rows whose values do not occur together in the other feed fail."""
    condition, values = conditions.where(expectation.row_condition)
    domain = aggregates.domain(rule.over, condition)
    judged = " and ".join([domain, *(f"{_q(c)} is not null" for c in expectation.column_list)])
    if expectation.unless_equal:
        judged += f" and {' <> '.join(map(_q, expectation.unless_equal))}"
    days = [expectation.date] if expectation.date else []
    days += [expectation.date_from] if expectation.date_from else []
    ways = (
        expectation.match, expectation.or_match, expectation.equals, expectation.not_after, expectation.not_before,
    )  # fmt: skip
    compared = {*days, *(c for way in ways for c in way or {})}
    own = [c for c in expectation.column_list if c in compared]
    known, more = _known(sets, expectation)
    other = sets.catalog.contracts[expectation.feed]
    limited, limits = feed_rules.fulfilling(other, expectation.not_after_where, "k.", "l")
    values |= {**more, **limits, "client": sets.delivery.client_id}
    if expectation.if_known:
        judged += f" and ({', '.join(map(_q, expectation.match))}) in ({_occurring(sets, expectation)})"
        if not sets.count(judged, values):
            return Measurement(rule, 0, {}, note=f"{other.feed} knows none of them", excused=True)
    names = ", ".join(map(_q, own))
    either = [m for m in (expectation.match, expectation.or_match) if m]
    absent = " and ".join(
        f"not exists (select from known k where {_fits(expectation, way, limited)})" for way in either
    )
    found = (
        f"with {known}, asked as materialized (select distinct {names} from {sets.table} where {judged}), "
        f"absent as (select {names} from asked a where {absent}) "
        f"select _row_number, _row_part, {sets.text(own)} as value from {sets.table} where {judged} "
        f"and ({names}) in (select {names} from absent)"
    )
    return sets.about_rows(rule, found, values, domain, judged)


def _occurring(sets: SetRules, expectation: ExpectRowsToMatchFeed) -> str:
    """SQL of the values in `match` that the other feed has at all."""
    other = sets.catalog.contracts[expectation.feed]
    keys = ", ".join(value_of(other, c, expectation.feed_instead) for c in expectation.match.values())
    rows = f"select {keys} from {other.table} where {_CURRENT}"
    return f"{rows} union all select {keys} from {sets.table} where _fate is null" if _is_own(sets, other) else rows


def _is_own(sets: SetRules, other: Contract) -> bool:
    return other.feed == sets.contract.feed


def _known(sets: SetRules, expectation: ExpectRowsToMatchFeed) -> tuple[str, dict[str, Any]]:
    """The rows of the other feed that count, as the common table expression `known`."""
    other = sets.catalog.contracts[expectation.feed]
    fulfilled, values = feed_rules.fulfilling(other, expectation.where)
    keys = list(dict.fromkeys(expectation.match.values()))
    columns = [*keys, expectation.valid_from, expectation.valid_to, *(expectation.not_after or {}).values()]
    columns += [*(expectation.not_before or {}).values(), *(expectation.equals or {}).values()]
    newest = bool(expectation.latest)
    columns += (
        [*(expectation.where or {}), *(expectation.not_after_where or {})]
        if newest
        else [*(expectation.not_after_where or {})]
    )
    given = [c for c in dict.fromkeys(columns) if c]
    names = ", ".join(f"{value_of(other, c, expectation.feed_instead)} as {_q(c)}" for c in given)
    narrowed = "" if newest else f" and {fulfilled}"
    rows = f"select {names} from {other.table} where {_CURRENT}{narrowed}"
    if _is_own(sets, other):  # rows may refer to each other
        rows += f" union all select {names} from {sets.table} where _fate is null{narrowed}"
    if not newest:
        return f"known as ({rows})", values
    following = (
        f"min({_q(str(expectation.valid_from))}) over (partition by {', '.join(map(_q, keys))} order by "
        f"{_q(str(expectation.valid_from))} groups between 1 following and unbounded following) as _next"
    )
    whole = f"select * from (select *, {following} from ({rows}) as r) as r where {fulfilled}"
    return f"known as ({whole})", values


def _fits(expectation: ExpectRowsToMatchFeed, match: Mapping[str, str], limited: str) -> str:
    """When a row `k` of the other feed is one for the values `a`; `limited`: when its dates are a limit."""
    wanted = [f"k.{_q(theirs)} = a.{_q(own)}" for own, theirs in match.items()]
    day, first = _q(expectation.date or ""), _q(expectation.date_from or expectation.date or "")
    if expectation.valid_from:
        wanted.append(f"k.{_q(expectation.valid_from)} <= a.{day}")
    if expectation.valid_to:
        end = f"k.{_q(expectation.valid_to)}"
        wanted.append(f"({end} is null or {end} + {int(expectation.grace_days)} >= a.{first})")
    if expectation.latest:
        wanted.append(f"(k._next is null or k._next > a.{first})")
    for own, theirs in (expectation.equals or {}).items():
        mine, there = f"a.{_q(own)}", f"k.{_q(theirs)}"
        ways = [f"{there} is null", f"{there} = {mine}"]
        ways += [
            f"abs({mine} - {there} * {float(n)!r}::numeric) <= 0.005" for n in (expectation.times or {}).get(own, [])
        ]
        wanted.append(f"({' or '.join(ways)})")
    for own, theirs in (expectation.not_after or {}).items():
        open_ended = f"k.{_q(theirs)} is null" + (f" or ({limited}) is not true" if limited != "true" else "")
        wanted.append(f"({open_ended} or k.{_q(theirs)} >= a.{_q(own)})")
    for own, theirs in (expectation.not_before or {}).items():
        wanted.append(f"(k.{_q(theirs)} is null or k.{_q(theirs)} <= a.{_q(own)})")
    return " and ".join(wanted)


def _totals(sets: SetRules, rule: Rule, expectation: ExpectTotalsToMatchFeed) -> Measurement:
    """Rows of combinations whose total differs fail, and say by how much."""
    other = sets.catalog.contracts[expectation.feed]
    condition, values = conditions.where(expectation.row_condition)
    fulfilled, more = feed_rules.fulfilling(other, expectation.where)
    values = {**values, **more, "client": sets.delivery.client_id}
    own = {c: value_of(sets.contract, c, expectation.instead) for c in expectation.match}
    theirs = {c: value_of(other, c, expectation.feed_instead) for c in expectation.match.values()}
    if during := expectation.during:  # the first and the last day are of the combination, too
        own |= {name: _q(during[name]) for name in ("start", "end")}
    current = f"from {other.table} where {_CURRENT}"
    nothing = f"not exists (select {current})"
    domain = aggregates.domain(rule.over, condition)
    judged = " and ".join([domain, *(f"{v} is not null" for v in own.values())])
    signed = [*((c, "") for c in expectation.plus), *((c, "-") for c in expectation.minus)]
    each = [(f"{value_of(other, c, expectation.feed_instead)}", sign) for c, sign in signed]
    there = f"{fulfilled} and ({' or '.join(f'{value} is not null' for value, _ in each)})"
    their_kinds, values = _Kinds.of(expectation.feed_kinds, "tk", values)
    if their_kinds:
        there += f" and {their_kinds.named}"
    if expectation.if_known:
        asked = ", ".join(own[c] for c in expectation.if_known)
        known = ", ".join(theirs[expectation.match[c]] for c in expectation.if_known)
        judged += f" and ({nothing} or ({asked}) in (select {known} {current} and {fulfilled}))"
    keys = [f"k{n}" for n in range(len(own))]
    asked = f"(select distinct {_numbered(own.values())} from {sets.table} where {judged}) d"
    joined = _joined(theirs.values(), other, during, keys)
    if expectation.if_stated:
        stated = f"select {', '.join(f'd.{k}' for k in keys)} from {asked} {joined} and {there}"
        judged += f" and ({', '.join(own.values())}) in ({stated})"
        if not sets.count(judged, values):
            return Measurement(rule, 0, {}, note=f"{other.feed} states no such total", excused=True)
    whole = " and ".join([condition, *(f"{v} is not null" for v in own.values())])
    own_kinds, values = _Kinds.of(expectation.kinds, "ok", values)
    # what is counted is told apart as a text
    amount = f"concat_ws(' / ', {', '.join(f'{_q(c)}::text' for c in expectation.count or [])})"
    if expectation.amount:
        amount = value_of(sets.contract, expectation.amount, expectation.instead)
    total = "coalesce(sum(amount), 0)" if expectation.amount else "count(distinct amount)"
    picked = f"{_numbered(own.values())}, {amount} as amount{own_kinds.picked if own_kinds else ''}"
    left, stay = staying(sets, f"{picked}, false as here", whole, standing=True)
    sums = " ".join(f"{sign or '+'} coalesce({value}, 0)" for value, sign in each)
    kinds = their_kinds.picked if their_kinds else ""
    on = " and ".join(f"o.{k} = t.{k}" for k in keys)
    found = (
        f"with each as (select {picked}, true as here from {sets.table} where {judged} union all {left}), "
        f"own as ({_summed(keys, own_kinds, 'each', total, 'bool_or(here)')}), "
        f"lines as (select {', '.join(f'd.{k}' for k in keys)}, {sums} as amount{kinds} "
        f"from (select {', '.join(keys)} from own) d {joined} "
        f"and {fulfilled}), theirs as ({_summed(keys, their_kinds, 'lines', 'sum(amount)')}), "
        f"differing as (select {', '.join('o.' + k for k in keys)}, {_said(sets, expectation, other, keys)} as said "
        f"from own o left join theirs t on {on} where {_differs(expectation)} or {nothing}) "
        f"select _row_number, _row_part, d.said as value from {sets.table} join differing d "
        f"on {' and '.join(f'{v} = d.{k}' for k, v in zip(keys, own.values(), strict=True))} where {judged}"
    )
    measured = sets.about_rows(rule, found, {**values, **stay}, domain, judged)
    shown = list(dict.fromkeys(str(v) for s in measured.samples for v in s["values"].values()))[:_SHOWN]
    return replace(measured, observed="; ".join([observed(measured), *shown])) if shown else measured


def _differs(expectation: ExpectTotalsToMatchFeed) -> str:
    """SQL of whether own total `o` and the other feed's `t` are further apart than their lines allow."""
    if allowed := expectation.tolerance_per_line:
        lines = "greatest(o.lines, coalesce(t.lines, 0))"
        return f"abs(o.amount - coalesce(t.amount, 0)) > {allowed!r}::numeric * {lines}"
    return "o.amount <> coalesce(t.amount, 0)"


def _joined(theirs: Iterable[str], other: Contract, during: Mapping[str, str] | None, keys: Sequence[str]) -> str:
    """SQL that joins the current rows of the other feed to combinations `d`."""
    same = [f"{value} = d.{key}" for value, key in zip(theirs, keys, strict=False)]
    if during:
        same.append(f"{_q(during['date'])} between d.{keys[-2]} and d.{keys[-1]}")
    return f"join {other.table} on {' and '.join(same)} where {_CURRENT}"


def _summed(keys: Sequence[str], kinds: _Kinds | None, rows: str, total: str, having: str = "") -> str:
    """SQL of the amounts by combination, each line counted as its kind says, and of how many lines they are."""
    by, wanted = ", ".join(keys), f" having {having}" if having else ""
    if kinds is None:
        return f"select {by}, {total} as amount, count(*) as lines from {rows} group by {by}{wanted}"
    here = ", bool_or(here) as here" if having else ""
    parts = f"select {by}, {kinds.amount} as amount{here} from {rows} group by {', '.join([*keys, *kinds.per])}"
    return f"select {by}, {total} as amount, count(*) as lines from ({parts}) as p group by {by}{wanted}"


@dataclass(frozen=True)
class _Kinds:
    """Lines that count by their kind, as SQL. `named`: a line is of a kind that counts; `picked`: what a line tells of
    it; `amount`: what the lines of a group come to; `per`: the names under which `picked` has the further columns."""

    named: str
    picked: str
    amount: str
    per: Sequence[str]

    @classmethod
    def of(
        cls, given: Mapping[str, Any] | None, prefix: str, values: dict[str, Any]
    ) -> tuple[_Kinds | None, dict[str, Any]]:
        """With the parameters it needs beside the others; None where kinds do not matter."""
        if given is None:
            return None, values
        more: dict[str, Any] = {}
        lists = {}
        for side in ("plus", "minus", "total"):
            named = {f"{prefix}_{side}{n}": kind for n, kind in enumerate(given.get(side) or [])}
            more |= named
            lists[side] = f"in ({', '.join(f':{n}' for n in named)})" if named else "= any('{}'::text[])"
        kind, per = _q(given["column"]), list(given.get("per") or [])
        sums = {side: f"coalesce(sum(amount) filter (where _kind {listed}), 0)" for side, listed in lists.items()}
        return cls(
            named="(" + " or ".join(f"{kind} {listed}" for listed in lists.values()) + ")",
            picked=f", {kind} as _kind" + "".join(f", {_q(c)} as _per{n}" for n, c in enumerate(per)),
            amount=f"case when bool_or(_kind {lists['total']}) then {sums['total']} "
            f"else {sums['plus']} - {sums['minus']} end",
            per=[f"_per{n}" for n in range(len(per))],
        ), {**values, **more}


def _said(sets: SetRules, expectation: ExpectTotalsToMatchFeed, other: Contract, keys: Sequence[str]) -> str:
    """SQL of `E1 / 1600 / EUR: 100.00, ledgers.gl_entries 90.00, difference 10.00`; amounts only if they are public."""
    named = [*expectation.match, *(expectation.during or {}).values()]
    which = sets.masked(f"concat_ws(' / ', {', '.join(f'o.{k}::text' for k in keys)})", named)
    hidden = expectation.amount and sets.contract.column(expectation.amount).is_personal
    if hidden or any(other.column(c).is_personal for c in [*expectation.plus, *expectation.minus]):
        return f"{which} || ': differs from {expectation.feed}'"
    return (
        f"{which} || ': ' || o.amount || ', {expectation.feed} ' || coalesce(t.amount::text, 'nothing') || "
        "', difference ' || (o.amount - coalesce(t.amount, 0))"
    )


def _numbered(values: Any) -> str:
    return ", ".join(f"{v} as k{n}" for n, v in enumerate(values))


def _q(column: str) -> str:
    return f'"{column}"'
