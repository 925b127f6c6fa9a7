"""Rows and totals beside those of another feed of the client, as SQL on the work table and core.

Every question is asked once for each combination of values that occurs, and the answers are joined back by hashing: a
delivery of a million entries has a few thousand days and accounts.
"""

# ruff: noqa: S608 (names of columns and tables come from contracts, which allow letters, digits and _ only)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pipelines.contract import Contract
from pipelines.validate import aggregates, conditions, feed_rules
from pipelines.validate.aggregates import value_of
from pipelines.validate.expectations import ExpectRowsToMatchFeed, ExpectTotalsToMatchFeed
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
    feed = rule.expectation.feed
    if feed != sets.contract.feed and not sets.delivers(feed):
        return Measurement(rule, 0, {}, note=f"{sets.delivery.client_id} delivers no {feed}", excused=True)
    with without_loops(sets.conn):
        if isinstance(rule.expectation, ExpectRowsToMatchFeed):
            return _rows(sets, rule, rule.expectation)
        if isinstance(rule.expectation, ExpectTotalsToMatchFeed):
            return _totals(sets, rule, rule.expectation)
    return feed_rules.known(sets, rule)


def _rows(sets: SetRules, rule: Rule, expectation: ExpectRowsToMatchFeed) -> Measurement:
    """Rows whose values do not occur together in the other feed fail."""
    condition, values = conditions.where(expectation.row_condition)
    domain = aggregates.domain(rule.over, condition)
    judged = " and ".join([domain, *(f"{_q(c)} is not null" for c in expectation.column_list)])
    if expectation.unless_equal:
        judged += f" and {' <> '.join(map(_q, expectation.unless_equal))}"
    days = [expectation.date] if expectation.date else []
    compared = {*expectation.match, *(expectation.or_match or {}), *days, *(expectation.not_after or {})}
    own = [c for c in expectation.column_list if c in compared]
    known, more = _known(sets, expectation)
    other = sets.catalog.contracts[expectation.feed]
    limited, limits = feed_rules.fulfilling(other, expectation.not_after_where, "k.", "l")
    names = ", ".join(map(_q, own))
    ways = [m for m in (expectation.match, expectation.or_match) if m]
    absent = " and ".join(f"not exists (select from known k where {_fits(expectation, way, limited)})" for way in ways)
    found = (
        f"with {known}, asked as materialized (select distinct {names} from {sets.table} where {judged}), "
        f"absent as (select {names} from asked a where {absent}) "
        f"select _row_number, _row_part, {sets.text(own)} as value from {sets.table} where {judged} "
        f"and ({names}) in (select {names} from absent)"
    )
    return sets.about_rows(rule, found, {**values, **more, **limits, "client": sets.delivery.client_id}, domain, judged)


def _known(sets: SetRules, expectation: ExpectRowsToMatchFeed) -> tuple[str, dict[str, Any]]:
    """The rows of the other feed that count, as the common table expression `known`."""
    other = sets.catalog.contracts[expectation.feed]
    fulfilled, values = feed_rules.fulfilling(other, expectation.where)
    keys = list(dict.fromkeys(expectation.match.values()))
    columns = [*keys, expectation.valid_from, expectation.valid_to, *(expectation.not_after or {}).values()]
    newest = bool(expectation.latest)
    columns += (
        [*(expectation.where or {}), *(expectation.not_after_where or {})]
        if newest
        else [*(expectation.not_after_where or {})]
    )
    names = ", ".join(_q(c) for c in dict.fromkeys(columns) if c)
    narrowed = "" if newest else f" and {fulfilled}"
    rows = f"select {names} from {other.table} where {_CURRENT}{narrowed}"
    if other.feed == sets.contract.feed:  # rows may refer to each other
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
    day = _q(expectation.date or "")
    if expectation.valid_from:
        wanted.append(f"k.{_q(expectation.valid_from)} <= a.{day}")
    if expectation.valid_to:
        wanted.append(f"(k.{_q(expectation.valid_to)} is null or k.{_q(expectation.valid_to)} >= a.{day})")
    if expectation.latest:
        wanted.append(f"(k._next is null or k._next > a.{day})")
    for own, theirs in (expectation.not_after or {}).items():
        open_ended = f"k.{_q(theirs)} is null" + (f" or ({limited}) is not true" if limited != "true" else "")
        wanted.append(f"({open_ended} or k.{_q(theirs)} >= a.{_q(own)})")
    return " and ".join(wanted)


def _totals(sets: SetRules, rule: Rule, expectation: ExpectTotalsToMatchFeed) -> Measurement:
    """Rows of combinations whose total differs fail, and say by how much."""
    other = sets.catalog.contracts[expectation.feed]
    condition, values = conditions.where(expectation.row_condition)
    fulfilled, more = feed_rules.fulfilling(other, expectation.where)
    values = {**values, **more, "client": sets.delivery.client_id}
    own = {c: value_of(sets.contract, c, expectation.instead) for c in expectation.match}
    theirs = {c: value_of(other, c, expectation.feed_instead) for c in expectation.match.values()}
    current = f"from {other.table} where {_CURRENT}"
    nothing = f"not exists (select {current})"
    domain = aggregates.domain(rule.over, condition)
    judged = " and ".join([domain, *(f"{v} is not null" for v in own.values())])
    if expectation.if_known:
        asked = ", ".join(own[c] for c in expectation.if_known)
        there = ", ".join(theirs[expectation.match[c]] for c in expectation.if_known)
        judged += f" and ({nothing} or ({asked}) in (select {there} {current} and {fulfilled}))"
    whole = " and ".join([condition, *(f"{v} is not null" for v in own.values())])
    amount = value_of(sets.contract, expectation.amount, expectation.instead)
    left, stay = staying(sets, f"{_numbered(own.values())}, {amount} as amount, false as here", whole, standing=True)
    keys = [f"k{n}" for n in range(len(own))]
    signed = " ".join(
        f"{sign} coalesce(sum({value_of(other, c, expectation.feed_instead)}), 0)"
        for sign, columns in (("+", expectation.plus), ("-", expectation.minus))
        for c in columns
    )
    on = " and ".join(f"o.{k} = t.{k}" for k in keys)
    found = (
        f"with each as (select {_numbered(own.values())}, {amount} as amount, true as here from {sets.table} "
        f"where {judged} union all {left}), own as (select {', '.join(keys)}, coalesce(sum(amount), 0) as amount "
        f"from each group by {', '.join(keys)} having bool_or(here)), theirs as (select "
        f"{_numbered(theirs.values())}, {signed} as amount {current} and {fulfilled} group by {', '.join(keys)}), "
        f"differing as (select {', '.join('o.' + k for k in keys)}, {_said(sets, expectation, other, keys)} as said "
        f"from own o left join theirs t on {on} where o.amount <> coalesce(t.amount, 0) or {nothing}) "
        f"select _row_number, _row_part, d.said as value from {sets.table} join differing d "
        f"on {' and '.join(f'{v} = d.{k}' for k, v in zip(keys, own.values(), strict=True))} where {judged}"
    )
    measured = sets.about_rows(rule, found, {**values, **stay}, domain, judged)
    shown = list(dict.fromkeys(str(v) for s in measured.samples for v in s["values"].values()))[:_SHOWN]
    return replace(measured, observed="; ".join([observed(measured), *shown])) if shown else measured


def _said(sets: SetRules, expectation: ExpectTotalsToMatchFeed, other: Contract, keys: Sequence[str]) -> str:
    """SQL of `E1 / 1600 / EUR: 100.00, ledgers.gl_entries 90.00, difference 10.00`; amounts only if they are public."""
    which = sets.masked(f"concat_ws(' / ', {', '.join(f'o.{k}::text' for k in keys)})", list(expectation.match))
    hidden = sets.contract.column(expectation.amount).is_personal
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
