"""Which customers are compared: those that share a key."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
MOST_AT_ONCE = 2_000_000
"""Pairs made at once, before the repeated ones among them are dropped: 32 MB."""


def pairs(
    records: Ints, keys: Ints, focus: npt.NDArray[np.bool_] | None = None, most: int = MOST_AT_ONCE
) -> Iterator[tuple[Ints, Ints]]:
    """Every pair of records with a common key once, the lower number left, in batches.

    `records` and `keys` are the two columns of a list without repetitions. With `focus` (by record) only pairs with
    one of those. A batch holds about `most` pairs, repeated ones counted; more when one record alone has more.
    """
    if not len(records):
        return
    order = np.lexsort((records, keys))
    records, keys = records[order], keys[order]
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    sizes = np.diff(np.append(starts, len(keys)))
    first, size = np.repeat(starts, sizes), np.repeat(sizes, sizes)  # of the group that an entry is in
    if focus is None:
        begin = np.arange(1, len(keys) + 1)  # behind the entry: a pair is made at the lower of its two
        count = first + size - begin
        entries = np.flatnonzero(count)
    else:
        begin, count = first, size
        entries = np.flatnonzero(focus[records])
    entries = entries[np.argsort(records[entries], kind="stable")]
    for batch in _batches(records[entries], count[entries], most):
        left, right = _expanded(records, entries[batch], begin, count)
        if focus is not None:
            # Of two in focus the lower one makes the pair.
            wanted = (left != right) & ~(focus[right] & (right < left))
            left, right = left[wanted], right[wanted]
            left, right = np.minimum(left, right), np.maximum(left, right)
        if len(left):
            width = np.int64(right.max()) + 1
            codes = np.unique(left * width + right)
            yield codes // width, codes % width


def _batches(records: Ints, counts: Ints, most: int) -> Iterator[slice]:
    """Cuts between records, so that what a record is paired with twice is in one batch."""
    if not len(records):
        return
    ends = np.append(np.flatnonzero(records[1:] != records[:-1]) + 1, len(records))
    totals = np.cumsum(counts)[ends - 1]
    begin, done, at = 0, 0, 0
    while at < len(ends):
        at = max(at + 1, int(np.searchsorted(totals, done + most, side="right")))
        yield slice(begin, int(ends[at - 1]))
        begin, done = int(ends[at - 1]), int(totals[at - 1])


def _expanded(records: Ints, entries: Ints, begin: Ints, count: Ints) -> tuple[Ints, Ints]:
    """Each entry with every entry of its stretch of the list."""
    counts = count[entries]
    before = np.cumsum(counts) - counts
    at = np.arange(int(counts.sum())) + np.repeat(begin[entries] - before, counts)
    return np.repeat(records[entries], counts), records[at]
