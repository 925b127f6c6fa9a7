"""Rules of a suite that look into another feed, compared with that feed's contract."""

from __future__ import annotations

from great_expectations.expectations.expectation import Expectation

from pipelines.catalog import Catalog
from pipelines.contract import Contract
from pipelines.validate import arguments
from pipelines.validate.expectations import ExpectColumnValuesToBeInFeed, ExpectGroupTotalToMatch


def problems(expectation: Expectation, contract: Contract, catalog: Catalog) -> list[str]:
    """What does not fit the contract of the other feed."""
    if isinstance(expectation, ExpectColumnValuesToBeInFeed):
        feed, columns = expectation.feed, [expectation.feed_column, *(expectation.where or {})]
        pairs = {expectation.column: expectation.feed_column}
    elif isinstance(expectation, ExpectGroupTotalToMatch) and expectation.total_of:
        feed, _, total = expectation.total_of.rpartition(".")
        pairs = {**(expectation.reference or {}), expectation.amount: total}
        columns = list(pairs.values())
    else:
        return []
    other = catalog.contracts.get(feed)
    if other is None:
        return [f"feed {feed!r} has no contract; known are {', '.join(sorted(catalog.contracts))}"]
    known = {name for name, _ in other.stored}
    if unknown := [c for c in columns if c not in known]:
        return [f"{feed} has no column {c!r}; it has {', '.join(sorted(known))}" for c in unknown]
    own = {name for name, _ in contract.stored}
    out = [
        f"{mine} is {arguments.family(contract, mine)} and {feed}.{theirs} is {arguments.family(other, theirs)}: "
        "not comparable"
        for mine, theirs in pairs.items()
        if mine in own and arguments.family(contract, mine) != arguments.family(other, theirs)
    ]
    where = getattr(expectation, "where", None) or {}
    out += [f"where: {said}" for c, v in where.items() if (said := arguments.misfit(other, c, v))]
    return out + _order(expectation, contract, catalog, feed)


def _order(expectation: Expectation, contract: Contract, catalog: Catalog, feed: str) -> list[str]:
    """A row may be rejected for what another feed lacks only when that feed is loaded first."""
    own_feed = feed == contract.feed and isinstance(expectation, ExpectColumnValuesToBeInFeed)
    if expectation.severity.value != "critical" or own_feed:
        return []
    if catalog.ranks[feed] < catalog.ranks[contract.feed]:
        return []
    return [
        f"{feed} need not be loaded before {contract.feed}, so a critical rule could reject good rows: let a column of "
        f"the contract refer to {feed}, or make the rule a warning"
    ]
