"""Rules of a suite that look into another feed, compared with that feed's contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from great_expectations.expectations.expectation import Expectation

from pipelines.catalog import Catalog
from pipelines.contract import Contract
from pipelines.validate import arguments
from pipelines.validate.expectations import (
    ExpectColumnValuesToBeInFeed,
    ExpectGroupSumsToBeAtMost,
    ExpectGroupTotalToMatch,
    ExpectRowsToMatchFeed,
    ExpectTotalsToMatchFeed,
)


@dataclass(frozen=True)
class _Look:
    """What an expectation wants of a feed: (own, their) columns that it compares, and others it only names."""

    feed: str
    pairs: Sequence[tuple[str, str]]
    others: Sequence[str | None] = ()
    where: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        named = [*(theirs for _, theirs in self.pairs), *self.others, *self.where, *self.limits]
        return list(dict.fromkeys(c for c in named if c))


def _look(expectation: Expectation) -> _Look | None:
    if isinstance(expectation, ExpectColumnValuesToBeInFeed):
        pairs = [(expectation.column, expectation.feed_column)]
        return _Look(expectation.feed, pairs, where=expectation.where or {})
    if isinstance(expectation, ExpectGroupTotalToMatch) and expectation.total_of:
        feed, _, total = expectation.total_of.rpartition(".")
        return _Look(feed, [*(expectation.reference or {}).items(), (expectation.amount, total)])
    if isinstance(expectation, ExpectGroupSumsToBeAtMost) and expectation.limit_of:
        limit = expectation.limit_of
        return _Look(limit["feed"], [*limit["match"].items(), (expectation.column, limit["column"])])
    if isinstance(expectation, ExpectRowsToMatchFeed):
        days = [(expectation.date, c) for c in (expectation.valid_from, expectation.valid_to) if c]
        ways = (expectation.match, expectation.or_match, expectation.not_after)
        pairs = [*(pair for way in ways for pair in (way or {}).items()), *((d, c) for d, c in days if d)]
        limits = expectation.not_after_where or {}
        return _Look(expectation.feed, pairs, where=expectation.where or {}, limits=limits)
    if isinstance(expectation, ExpectTotalsToMatchFeed):
        signed = [*expectation.plus, *expectation.minus]
        pairs = [*expectation.match.items(), *((expectation.amount, c) for c in signed)]
        instead = expectation.feed_instead or {}
        return _Look(expectation.feed, pairs, [*instead, *instead.values()], expectation.where or {})
    return None


def looked_at(expectation: Expectation) -> list[str]:
    """The columns of the other feed that an expectation names."""
    look = _look(expectation)
    return look.columns if look else []


def problems(expectation: Expectation, contract: Contract, catalog: Catalog) -> list[str]:
    """What does not fit the contract of the other feed."""
    look = _look(expectation)
    if look is None:
        return []
    feed, other = look.feed, catalog.contracts.get(look.feed)
    if other is None:
        return [f"feed {feed!r} has no contract; known are {', '.join(sorted(catalog.contracts))}"]
    known = {name for name, _ in other.stored}
    if unknown := [c for c in look.columns if c not in known]:
        return [f"{feed} has no column {c!r}; it has {', '.join(sorted(known))}" for c in unknown]
    own = {name for name, _ in contract.stored}
    out = [
        f"{mine} is {arguments.family(contract, mine)} and {feed}.{theirs} is {arguments.family(other, theirs)}: "
        "not comparable"
        for mine, theirs in look.pairs
        if mine in own and arguments.family(contract, mine) != arguments.family(other, theirs)
    ]
    said = [*look.where.items(), *look.limits.items()]
    each = ((c, v) for c, values in said for v in (values if isinstance(values, list) else [values]) if v is not None)
    out += [f"where: {wrong}" for c, v in each if (wrong := arguments.misfit(other, c, v))]
    if isinstance(expectation, ExpectTotalsToMatchFeed):
        out += _sums(expectation, contract, other)
    return out + _order(expectation, contract, catalog, feed)


def _sums(expectation: ExpectTotalsToMatchFeed, contract: Contract, other: Contract) -> list[str]:
    """Sums that cannot be compared to the cent."""
    if other.feed == contract.feed:
        return ["feed is the delivery's own: totals are compared with another one"]
    signed = [*expectation.plus, *expectation.minus]
    scales = {f"{other.feed}.{c}": arguments.sized(other, c) for c in signed}
    scales[expectation.amount] = arguments.sized(contract, expectation.amount)
    out = arguments.stand_ins(other, expectation.feed_instead) + arguments.one_scale(scales)
    return out + [f"{other.feed}: {p}" for p in arguments.mixed(other, signed, expectation.match.values())]


def _order(expectation: Expectation, contract: Contract, catalog: Catalog, feed: str) -> list[str]:
    """A row may be rejected for what another feed lacks only when that feed is loaded first."""
    own_feed = feed == contract.feed and not isinstance(expectation, ExpectGroupTotalToMatch)
    if expectation.severity.value != "critical" or own_feed:
        return []
    if catalog.ranks[feed] < catalog.ranks[contract.feed]:
        return []
    return [
        f"{feed} need not be loaded before {contract.feed}, so a critical rule could reject good rows: let a column of "
        f"the contract refer to {feed}, name it in the contract's `after`, or make the rule a warning"
    ]
