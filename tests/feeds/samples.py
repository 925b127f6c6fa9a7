"""Named samples of the feeds: `<feed>.yaml` holds a good row and, per rule, the rows that trip it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.clean.apply import clean_schema
from pipelines.contract import Contract
from pipelines.yamlfile import read_yaml

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Samples:
    """`trips`: rule → what to change in the good row, once or (a list) in several rows; or `rows` and `after`."""

    good: dict[str, Any]
    trips: dict[str, Any]

    def rows(self, rule: str) -> list[dict[str, Any]]:
        """The rows that trip a rule which looks at rows or adds them up."""
        changes = self.trips[rule] if isinstance(self.trips[rule], list) else [self.trips[rule]]
        return [{**self.good, **change} for change in changes]


def read_samples(feed: str) -> Samples:
    """The samples of a feed."""
    data = read_yaml(FOLDER / f"{feed}.yaml").data
    return Samples(data["good"], data["trips"])


def clean_batch(contract: Contract, rows: Sequence[Mapping[str, Any]]) -> pa.RecordBatch:
    """Rows as `clean` would hand them to the gate."""
    wanted = contract.arrow_schema
    columns = {f.name: pa.array([_value(row.get(f.name), f.type) for row in rows], f.type) for f in wanted}
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


def _value(value: Any, kind: pa.DataType) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if pa.types.is_decimal(kind):
        return Decimal(value)
    if pa.types.is_date(kind):
        return dt.date.fromisoformat(value)
    return value
