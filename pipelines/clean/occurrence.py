"""Keys for feeds without an id: the n-th row with the same values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.clean.filters import Mask
from pipelines.rowhash import digests, row_texts


class Occurrences:
    """Numbers the rows of a delivery that share the same values, across its chunks.

    The state is two arrays: 16 bytes per distinct combination. Two combinations that shared a hash would merely
    share one numbering; their keys would still differ.
    """

    def __init__(self) -> None:
        self._seen: npt.NDArray[np.uint64] = np.empty(0, np.uint64)
        self._times: npt.NDArray[np.int64] = np.empty(0, np.int64)

    def keys(self, columns: Mapping[str, pa.Array], without: Mask) -> pa.Array:
        """`<16 hexadecimal digits>-<n>` per row, null for rows `without` a key, which are not counted either."""
        rows = np.flatnonzero(~without)
        out: list[str | None] = [None] * len(without)
        hashes = np.frombuffer(b"".join(digests(row_texts(columns).take(pa.array(rows)), 8)), dtype=">u8")
        numbers = self._number(hashes.astype(np.uint64))
        for row, code, n in zip(rows.tolist(), hashes.tolist(), numbers.tolist(), strict=True):
            out[row] = f"{code:016x}-{n}"
        return pa.array(out, pa.string())

    def count(self, keys: Iterable[str]) -> None:
        """Keys that are taken already: the next with the same values get higher numbers."""
        highest: dict[int, int] = {}
        for key in keys:
            digits, _, number = key.rpartition("-")
            highest[int(digits, 16)] = max(highest.get(int(digits, 16), 0), int(number))
        known = dict(zip(self._seen.tolist(), self._times.tolist(), strict=True))
        for code, most in highest.items():
            known[code] = max(known.get(code, 0), most)
        self._seen = np.array(sorted(known), np.uint64)
        self._times = np.array([known[code] for code in sorted(known)], np.int64)

    def _number(self, hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """Which occurrence each one is, from 1."""
        distinct, which, times = np.unique(hashes, return_inverse=True, return_counts=True)
        order = np.argsort(which, kind="stable")
        starts = np.cumsum(times) - times
        rank = np.empty(len(hashes), np.int64)
        rank[order] = np.arange(len(hashes)) - np.repeat(starts, times)
        at = np.searchsorted(self._seen, distinct)
        known = np.zeros(len(distinct), np.bool_)
        inside = at < len(self._seen)
        known[inside] = self._seen[at[inside]] == distinct[inside]
        before = np.zeros(len(distinct), np.int64)
        before[known] = self._times[at[known]]
        self._times[at[known]] += times[known]
        self._seen = np.insert(self._seen, at[~known], distinct[~known])
        self._times = np.insert(self._times, at[~known], times[~known])
        return before[which] + rank + 1
