"""Which rows of a chunk core has already, and what of them goes into the work table all the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, localcontext

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.contract import NO_CURRENCY, Column, Contract
from pipelines.validate import arguments, other_feeds
from pipelines.validate.expectations import ExpectLoadedValuesToStay
from pipelines.validate.suites import Rule

_HEX = 32
_CURRENCY = "_currency"
Amounts = dict[tuple[str, str], Decimal]
"""(money column, currency) → sum."""


def among(current: npt.NDArray[np.uint64], hashes: pa.Array) -> npt.NDArray[np.bool_]:
    """Whether the first half of each row hash is among sorted ones.

    Two rows share half a hash once in ten million deliveries of a million rows; the load compares the whole of it.
    """
    halves = _halves(hashes)
    order = np.argsort(halves)  # numpy finds sorted values much faster, as it goes on where it was
    wanted = halves[order]
    at = np.minimum(np.searchsorted(current, wanted), len(current) - 1)
    found = np.zeros(len(halves), dtype=bool)
    found[order] = current[at] == wanted
    return found


def _halves(hashes: pa.Array) -> npt.NDArray[np.uint64]:
    """The first eight bytes of hashes written as 32 hexadecimal digits."""
    start, end = hashes.offset * _HEX, (hashes.offset + len(hashes)) * _HEX
    text = str(memoryview(hashes.buffers()[2])[start:end], "ascii")
    return np.frombuffer(bytes.fromhex(text), ">u8")[::2].astype(np.uint64)


def columns_needed(contract: Contract, rules: Sequence[Rule]) -> list[str]:
    """The business columns that the SQL of the gate and of the load reads of every row, in order of the contract.

    Amounts are not among them unless a rule adds them up: those of known rows are summed on the way (`amounts_of`).
    Nor is what a rule compares with the row that is loaded: a known row is that row.
    """
    named = {c.name for c in contract.columns}
    wanted = set(contract.key)
    wanted |= {c for names in contract.groups.values() for c in names}
    for feed, pairs in contract.references.items():
        wanted |= {own for own, _ in pairs}
        if feed == contract.feed:  # rows may refer to each other
            wanted |= {theirs for _, theirs in pairs}
    for rule in rules:
        if rule.kind != "row" and not isinstance(rule.expectation, ExpectLoadedValuesToStay):
            wanted |= {*rule.columns, *arguments.used(rule.expectation), *_of_own_feed(rule, contract.feed)}
    wanted |= {c.currency for c in contract.money if c.name in wanted and c.currency in named}
    return [name for name, _ in contract.stored if name in wanted]


def amounts_of(rows: pa.RecordBatch, columns: Sequence[Column]) -> Amounts:
    """The exact sum of each of these money columns, by currency; nothing for a column without a value."""
    sums: Amounts = {}
    for currency in dict.fromkeys(c.currency for c in columns):
        of = [c.name for c in columns if c.currency == currency]
        inside = currency in rows.schema.names
        picked = pa.table(rows.select([*of, *([currency] if inside else [])]))
        if not inside:
            currency, picked = _CURRENCY, picked.append_column(_CURRENCY, pa.repeat(currency, picked.num_rows))
        for line in picked.group_by(currency).aggregate([(name, "sum") for name in of]).to_pylist():
            for name in of:
                if (amount := line[f"{name}_sum"]) is not None:
                    add(sums, {(name, line[currency] or NO_CURRENCY): amount})
    return sums


def add(sums: Amounts, more: Amounts) -> None:
    """Add amounts exactly, however many digits they have."""
    with localcontext(prec=200):
        for place, amount in more.items():
            sums[place] = sums.get(place, Decimal(0)) + amount


def _of_own_feed(rule: Rule, feed: str) -> Iterator[str]:
    """What a rule about values in a feed compares them with, when the feed is the one it judges."""
    if rule.kind == "reference" and getattr(rule.expectation, "feed", None) == feed:  # units name several
        yield from other_feeds.looked_at(rule.expectation)
