"""The step outputs the gate reads: batch i of `raw.arrow`, `clean.arrow` and `problems.arrow` belong together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.contract import Contract
from pipelines.errors import GateError
from pipelines.reject import key_hash
from pipelines.warehouse.quarantine_store import without_nul

_INTERNAL = ("__row_number", "__problem", "__raw", "__cells")
PARTS = 1 << 20
"""Addresses are packed into one integer, row number × this + part: a record has far fewer parts."""

QUARANTINE_SCHEMA = pa.schema(
    [
        ("row_number", pa.int64()),
        ("row_part", pa.int32()),
        ("cells", pa.string()),
        ("amounts", pa.string()),
        ("currencies", pa.string()),
        ("row_hash", pa.string()),
        ("key_hash", pa.string()),
    ]
)


def packed(batch: pa.RecordBatch, number: str = "_row_number", part: str = "_row_part") -> npt.NDArray[np.int64]:
    """One integer per address."""
    keys: npt.NDArray[np.int64] = np.asarray(batch.column(number)) * PARTS + np.asarray(batch.column(part))
    return keys


def chunks(folder: Path, *names: str) -> Iterator[tuple[pa.RecordBatch, ...]]:
    """The batches of some files side by side, from memory-mapped files: never more than a chunk in memory."""
    sources = [pa.memory_map(str(folder / name)) for name in names]
    try:
        readers = [pa.ipc.open_file(source) for source in sources]
        if len({reader.num_record_batches for reader in readers}) != 1:
            raise GateError(
                "step outputs do not belong together",
                where=str(folder),
                got=", ".join(f"{n}: {r.num_record_batches} batches" for n, r in zip(names, readers, strict=True)),
                expected="as many batches in each",
                next_step="run the delivery again from extract",
            )
        for i in range(readers[0].num_record_batches):
            yield tuple(reader.get_batch(i) for reader in readers)
    finally:
        for source in sources:
            source.close()


def rejected_rows(folder: Path, contract: Contract, rejected: npt.NDArray[np.int64]) -> Iterator[pa.RecordBatch]:
    """The rejected rows as quarantine keeps them: cells as received, readable amounts, hash."""
    rejected = np.sort(rejected)
    for raw, clean in chunks(folder, "raw.arrow", "clean.arrow"):
        at = np.flatnonzero(np.isin(packed(clean), rejected, assume_unique=True))
        if len(at):
            yield _quarantined(raw, clean.take(pa.array(at)), contract)


def _quarantined(raw: pa.RecordBatch, rows: pa.RecordBatch, contract: Contract) -> pa.RecordBatch:
    numbers = np.asarray(raw.column("__row_number"))
    order = np.argsort(numbers, kind="stable")
    wanted = np.asarray(rows.column("_row_number"))
    at = order[np.minimum(np.searchsorted(numbers, wanted, sorter=order), len(order) - 1)]
    if (numbers[at] != wanted).any():
        raise GateError("a cleaned row has no raw record in its chunk", next_step="run the delivery again from extract")
    records = raw.take(pa.array(at)).to_pylist()
    money = [(c.name, c.currency or "") for c in contract.money]
    values = rows.to_pylist()
    amounts = [{name: format(row[name], "f") for name, _ in money if row[name] is not None} for row in values]
    currencies = [
        {name: row.get(currency, currency) for name, currency in money if name in known and row.get(currency, currency)}
        for row, known in zip(values, amounts, strict=True)
    ]
    columns = [
        rows.column("_row_number").cast(pa.int64()),
        rows.column("_row_part").cast(pa.int32()),
        pa.array([_json(_cells(record)) for record in records], pa.string()),
        pa.array([_json(a) for a in amounts], pa.string()),
        pa.array([_json(c) for c in currencies], pa.string()),
        rows.column("_row_hash").cast(pa.string()),
        pa.array([key_hash([row[name] for name in contract.key]) for row in values], pa.string()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=QUARANTINE_SCHEMA)


def _cells(record: dict[str, Any]) -> dict[str, Any]:
    """Source cells by header; a malformed record has its text only."""
    if record["__problem"] is not None:
        return {"__raw": record["__raw"]}
    return {name: text for name, text in record.items() if name not in _INTERNAL}


def _json(value: dict[str, Any]) -> str:
    return without_nul(json.dumps(value, ensure_ascii=False).replace("\\u0000", "\x00"))
