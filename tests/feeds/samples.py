"""Named samples of the feeds: `<feed>.yaml` holds a good row and, per rule, the rows that trip it.

good: {…}                    a row that no rule objects to
beside: [{…}]                changes of it that make the other rows of a good delivery: the other side of a journal
apart: {sample: a, row: b}   columns of the key that set samples, and rows, apart: their good value gets a number
others: {feed: [{…}]}        what the client's other feeds hold; `times: n` repeats a row, with {n} in its texts
trips: {rule: {…}}           what to change in the good row to trip a rule: once, a list of several rows, `passing`
                             and `failing` rows (beside `loaded` ones: what the same source brought before), or for
                             a comparison with the last delivery `after` and `rows`
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.clean.apply import clean_schema
from pipelines.contract import Contract
from pipelines.yamlfile import read_yaml

FOLDER = Path(__file__).parent
Row = dict[str, Any]


@dataclass(frozen=True)
class Samples:
    """The samples of one feed; see the head of this module."""

    good: Row
    trips: Row
    beside: list[Row] = field(default_factory=list)
    fine: list[Row] = field(default_factory=list)
    apart: dict[str, str] = field(default_factory=dict)
    others: dict[str, list[Row]] = field(default_factory=dict)

    @property
    def delivery(self) -> list[Row]:
        """The rows of a good delivery."""
        return self._changed([{}, *self.beside])

    @property
    def everything_good(self) -> list[Row]:
        """The rows of a good delivery, and those that look odd and are right."""
        return self._changed([{}, *self.beside, *self.fine])

    def rows(self, rule: str) -> list[Row]:
        """The rows that trip a rule which looks at rows or adds them up."""
        trip = self.trips[rule]
        failing = trip["failing"] if isinstance(trip, dict) and "failing" in trip else trip
        return self._changed(failing if isinstance(failing, list) else [failing])

    def passing(self, rule: str) -> list[Row]:
        """The rows that the failing ones of a rule come after, or beside."""
        trip = self.trips[rule]
        return self._changed(trip.get("passing") or []) if isinstance(trip, dict) else []

    def loaded(self, rule: str) -> list[Row]:
        """The rows that the source has brought before those of a rule."""
        trip = self.trips[rule]
        return self._changed(trip.get("loaded") or []) if isinstance(trip, dict) else []

    def numbered(self, samples: Sequence[Sequence[Row]], contract: Contract) -> list[Row]:
        """The rows of several samples with keys of their own, but where a sample is about the key."""
        by = self.apart or {"row": contract.key[0]}
        out: list[Row] = []
        for number, rows in enumerate(samples):
            for row in rows:
                numbers = {by.get("sample"): number, by.get("row"): len(out)}
                own = {c: f"{row[c]}-{n}" for c, n in numbers.items() if c and row[c] == self.good[c]}
                out.append({**row, **own})
        return out

    def _changed(self, changes: Sequence[Row]) -> list[Row]:
        return [{**self.good, **change} for change in changes]


def read_samples(feed: str) -> Samples:
    """The samples of a feed."""
    data = read_yaml(FOLDER / f"{feed}.yaml").data
    return Samples(**{**data, "others": {f: _repeated(rows) for f, rows in (data.get("others") or {}).items()}})


def _repeated(rows: Sequence[Row]) -> list[Row]:
    return [
        {c: v.format(n=n) if isinstance(v, str) else v for c, v in row.items() if c != "times"}
        for row in rows
        for n in range(row.get("times", 1))
    ]


def clean_batch(contract: Contract, rows: Sequence[Mapping[str, Any]]) -> pa.RecordBatch:
    """Rows as `clean` would hand them to the gate."""
    wanted = contract.arrow_schema
    columns = {f.name: pa.array([value_of(row.get(f.name), f.type) for row in rows], f.type) for f in wanted}
    bookkeeping = {
        "_row_number": pa.array(range(2, len(rows) + 2), pa.int64()),
        "_row_part": pa.array([0] * len(rows), pa.int32()),
        "_fate": pa.nulls(len(rows), pa.string()),
        "_skip_reason": pa.nulls(len(rows), pa.string()),
        "_row_hash": pa.array([_hash(row) for row in rows], pa.string()),
    }
    return pa.RecordBatch.from_pydict({**bookkeeping, **columns}, schema=clean_schema(contract))


def _hash(row: Mapping[str, Any]) -> str:
    return hashlib.blake2b(repr(sorted(row.items())).encode(), digest_size=16).hexdigest()


def value_of(value: Any, kind: pa.DataType) -> Any:
    """A value of a sample as cleaning types it."""
    if value is None or isinstance(value, bool):
        return value
    if pa.types.is_decimal(kind):
        return Decimal(value)
    if pa.types.is_date(kind):
        return dt.date.fromisoformat(value)
    if pa.types.is_timestamp(kind):
        return dt.datetime.fromisoformat(value)
    return value
