"""The primary key that an index declares of a table: no two of its records may have the same, and none may lack it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pandas.util import hash_array

from pipelines.extract.table import FIRST_ROWS

_BETWEEN = "\x1f"


class PrimaryKey:
    """The keys of one pass: sixteen bytes are kept of each record, however long its key is."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self._hashes: list[npt.NDArray[np.uint64]] = []
        self._rows: list[npt.NDArray[np.int64]] = []
        self._empty: list[npt.NDArray[np.int64]] = []

    def see(self, columns: Sequence[pa.Array], rows: pa.Array) -> None:
        """Take in the key columns of a batch; records that could not be read have none."""
        texts = [pc.utf8_trim_whitespace(column.cast(pa.string())) for column in columns]
        read = pc.is_valid(texts[0])
        joined = pc.binary_join_element_wise(*texts, _BETWEEN).filter(read)
        placed = rows.filter(read).to_numpy(zero_copy_only=False).astype(np.int64)
        values = joined.to_numpy(zero_copy_only=False).astype(object)
        empty = values == _BETWEEN * (len(texts) - 1)
        self._empty.append(placed[empty])
        self._hashes.append(hash_array(values[~empty], categorize=False))
        self._rows.append(placed[~empty])

    def told(self) -> Iterator[tuple[str, int, list[int]]]:
        """What is wrong with it: the sentence, how often, and the first rows."""
        shown = ", ".join(map(repr, self.names))
        for said, rows in (("whose primary key, {}, stands there before", self._again()),
                           ("without their primary key, {}", _whole(self._empty))):  # fmt: skip
            if len(rows):
                yield f"{{}} records {said.format(shown)}", len(rows), [int(row) for row in rows[:FIRST_ROWS]]

    def _again(self) -> npt.NDArray[np.int64]:
        """Rows whose key an earlier one has."""
        rows = _whole(self._rows)
        if not len(rows):
            return rows
        hashes = np.concatenate(self._hashes)
        _, first = np.unique(hashes, return_index=True)
        again = np.ones(len(rows), dtype=bool)
        again[first] = False
        return rows[again]


def _whole(parts: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
