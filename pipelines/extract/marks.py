"""Where the bytes of a block are that frame its records: quotes, line breaks, NUL bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LF, CR = 10, 13
Places = NDArray[np.int64]


class Masks:
    """Where a block has a certain byte; the memory is used again, for new memory costs more than the comparison."""

    def __init__(self) -> None:
        self._memory = [np.zeros(0, np.bool_) for _ in range(4)]

    def of(self, buffer: NDArray[np.uint8], value: int, place: int = 0) -> NDArray[np.bool_]:
        """The mask, which is good until the next one is made in the same place."""
        mask = self.scratch(buffer, place)
        np.equal(buffer, value, out=mask)
        return mask

    def scratch(self, buffer: NDArray[np.uint8], place: int) -> NDArray[np.bool_]:
        """Room for a mask."""
        if self._memory[place].size < buffer.size:
            self._memory[place] = np.zeros(buffer.size * 5 // 4, np.bool_)
        return self._memory[place][: buffer.size]


class Marks:
    """Quotes, line breaks and the places that make a record odd, of one block."""

    def __init__(
        self,
        data: bytes,
        buffer: NDArray[np.uint8],
        quote: str | None,
        edge: NDArray[np.bool_],
        masks: Masks,
        *,
        all_odd: bool,
    ) -> None:
        self._buffer = buffer
        self._edge = edge
        self._all_odd = all_odd
        self._odd: dict[int, Places] = {}
        none = np.zeros(0, np.int64)
        self.quotes = np.flatnonzero(masks.of(buffer, ord(quote))) if quote and quote.encode() in data else none
        self._nuls = np.flatnonzero(masks.of(buffer, 0)) if b"\0" in data else none
        self.breaks = np.flatnonzero(masks.of(buffer, LF))
        if b"\r" in data:
            returns = np.flatnonzero(masks.of(buffer, CR))
            if returns[-1] == len(data) - 1:  # a line feed may follow
                returns = returns[:-1]
            lone = returns[buffer[returns + 1] != LF]
            if lone.size:
                self.breaks = np.sort(np.concatenate((self.breaks, lone)))
        self.inside = self.quotes.searchsorted(self.breaks) & 1

    def next_odd(self, at: int, seen: int) -> int:
        """The first place from `at` on that makes its record odd, or the end.

        `seen` is whether an odd number of quotes stands before `at`, where a record begins.
        """
        if seen not in self._odd:
            self._odd[seen] = self._irregular(seen)
        odd = self._odd[seen]
        i = int(odd.searchsorted(at))
        return int(odd[i]) if i < odd.size else self._buffer.size

    def _irregular(self, seen: int) -> Places:
        """Quotes that do not begin or end a cell nor belong to a doubled one, and NUL bytes.

        As long as each odd quote of a record begins a cell or is the second of a doubled one, and each even one
        likewise ends it, a place is inside quotes if and only if an odd number of them stands before it, to pyarrow
        as to us.
        """
        quotes, buffer, edge = self.quotes, self._buffer, self._edge
        if not quotes.size:
            return self._nuls
        if self._all_odd:
            return np.sort(np.concatenate((quotes, self._nuls)))
        opening, closing = quotes[seen::2], quotes[1 - seen :: 2]
        begins = edge.take(buffer.take(opening - 1))
        if opening.size and opening[0] == 0:
            begins[0] = True
        ends = edge.take(buffer.take(closing + 1, mode="clip"))
        if begins.all() and ends.all():
            return self._nuls
        return np.sort(np.concatenate((opening[~begins], closing[~ends], self._nuls)))
