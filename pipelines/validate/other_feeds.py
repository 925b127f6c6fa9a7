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
    ExpectAmountsToFollowTariff,
    ExpectColumnValuesToBeInFeed,
    ExpectFeedRowsToOccur,
    ExpectGroupSumsToBeAtMost,
    ExpectGroupSumsToFitProducts,
    ExpectGroupTotalToMatch,
    ExpectPositionsToRollForward,
    ExpectRowsToMatchFeed,
    ExpectTotalsToMatchFeed,
    ExpectUnitsToBeKnown,
    ExpectValuesToBeNearFeed,
)
from pipelines.validate.unit_sizes import PRODUCT_UNITS, PRODUCTS


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


def _looks(expectation: Expectation) -> list[_Look]:
    """One for each feed that it looks into."""
    if isinstance(expectation, ExpectUnitsToBeKnown):
        return [_Look(each["feed"], list(each["match"].items())) for each in expectation.or_in or []]
    look = _look(expectation)
    return [look] if look else []


def _look(expectation: Expectation) -> _Look | None:
    if isinstance(expectation, ExpectColumnValuesToBeInFeed):
        pairs = [(expectation.column, expectation.feed_column)]
        return _Look(expectation.feed, pairs, expectation.given or [], expectation.where or {})
    if isinstance(expectation, ExpectFeedRowsToOccur):
        return _Look(expectation.feed, list(expectation.match.items()), where=expectation.where or {})
    if isinstance(expectation, ExpectGroupTotalToMatch) and expectation.total_of:
        feed, _, total = expectation.total_of.rpartition(".")
        return _Look(feed, [*(expectation.reference or {}).items(), (expectation.amount, total)])
    if isinstance(expectation, ExpectGroupSumsToBeAtMost) and expectation.limit_of:
        limit = expectation.limit_of
        compared = [(expectation.column, limit[n]) for n in ("column", "less", "over_pct") if limit.get(n)]
        units = expectation.units or {}
        compared += [(units[own], units[f"feed_{own}"]) for own in units if not own.startswith("feed_")]
        return _Look(limit["feed"], [*limit["match"].items(), *compared], where=limit.get("where") or {})
    if isinstance(expectation, ExpectGroupSumsToFitProducts):
        return _Look(PRODUCTS, [(expectation.column, expectation.per_unit), (expectation.product, "product_id")])
    if isinstance(expectation, ExpectRowsToMatchFeed):
        ends = (expectation.valid_from, expectation.valid_to)
        days = [(own, c) for own in (expectation.date, expectation.date_from) if own for c in ends if c]
        ways = (
            expectation.match, expectation.or_match, expectation.equals, expectation.not_after, expectation.not_before,
        )  # fmt: skip
        pairs = [*(pair for way in ways for pair in (way or {}).items()), *((d, c) for d, c in days if d)]
        limits = expectation.not_after_where or {}
        instead = expectation.feed_instead or {}
        return _Look(expectation.feed, pairs, [*instead, *instead.values()], expectation.where or {}, limits)
    if isinstance(expectation, ExpectAmountsToFollowTariff):
        summed = [(expectation.amount, c) for c in (expectation.rate, expectation.base, expectation.minimum) if c]
        by = [(expectation.quantity, expectation.from_quantity), (expectation.date, expectation.valid_from)]
        pairs = [*expectation.match.items(), *summed, *((own, c) for own, c in by if own and c)]
        return _Look(expectation.feed, pairs, where=expectation.where or {})
    if isinstance(expectation, ExpectTotalsToMatchFeed):
        signed = [*expectation.plus, *expectation.minus]
        summed = [(expectation.amount, c) for c in signed if expectation.amount]
        pairs = [*expectation.match.items(), *summed]
        instead, during, kinds = expectation.feed_instead or {}, expectation.during, expectation.feed_kinds
        pairs += [(during[own], during["date"]) for own in ("start", "end")] if during else []
        where = {**(expectation.where or {}), **({kinds["column"]: arguments.kinds_in(kinds)} if kinds else {})}
        others = [*signed, *instead, *instead.values(), *((kinds or {}).get("per") or [])]
        return _Look(expectation.feed, pairs, others, where)
    if isinstance(expectation, ExpectValuesToBeNearFeed):
        pairs = [*expectation.match.items(), (expectation.column, expectation.feed_column)]
        units = expectation.units or {}
        pairs += [(units["unit"], units["feed_unit"])] if units.get("feed_unit") else []
        return _Look(expectation.feed, pairs, [units.get("feed_product")], expectation.where or {})
    if isinstance(expectation, ExpectPositionsToRollForward):
        pairs = [*expectation.match.items(), (expectation.date, expectation.feed_date)]
        pairs += [(expectation.quantity, expectation.feed_quantity)]
        units = expectation.units or {}
        pairs += [(units["unit"], units["feed_unit"])] if units else []
        return _Look(expectation.feed, pairs, where={**(expectation.where or {}), **(expectation.opening or {})})
    return None


def looked_at(expectation: Expectation) -> list[str]:
    """The columns of the other feed that an expectation names."""
    return [c for look in _looks(expectation) for c in look.columns]


def problems(expectation: Expectation, contract: Contract, catalog: Catalog) -> list[str]:
    """What does not fit the contract of the other feed."""
    return [p for look in _looks(expectation) for p in _problems(look, expectation, contract, catalog)]


def _problems(look: _Look, expectation: Expectation, contract: Contract, catalog: Catalog) -> list[str]:
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
    if isinstance(expectation, ExpectAmountsToFollowTariff):
        priced = [c for c in (expectation.rate, expectation.base, expectation.minimum) if c]
        out += [f"{feed}: {p}" for p in arguments.mixed(other, priced, expectation.match.values())]
    if isinstance(expectation, ExpectRowsToMatchFeed):
        out += arguments.stand_ins(other, expectation.feed_instead)
    if getattr(expectation, "units", None):
        out += [f"units need the feed {f}" for f in (PRODUCTS, PRODUCT_UNITS) if f not in catalog.contracts]
    return out + _order(expectation, contract, catalog, feed)


def _sums(expectation: ExpectTotalsToMatchFeed, contract: Contract, other: Contract) -> list[str]:
    """Sums that cannot be compared to the cent."""
    if other.feed == contract.feed:
        return ["feed is the delivery's own: totals are compared with another one"]
    signed = [*expectation.plus, *expectation.minus]
    scales = {f"{other.feed}.{c}": arguments.sized(other, c) for c in signed}
    out = arguments.stand_ins(other, expectation.feed_instead)
    if expectation.amount:
        out += arguments.one_scale({**scales, expectation.amount: arguments.sized(contract, expectation.amount)})
    else:
        no_number = [c for c in signed if arguments.family(other, c) != "number"]
        out += [f"{other.feed}.{c} is {arguments.family(other, c)}, not a number" for c in no_number]
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
