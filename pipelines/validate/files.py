"""The step outputs the gate reads: batch i of `raw.arrow`, `clean.arrow` and `problems.arrow` belong together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.arrowfile import ArrowChunks
from pipelines.contract import Contract
from pipelines.errors import GateError
from pipelines.reject import key_hash
from pipelines.validate.texts import json_objects, json_text, plain_texts

_INTERNAL = ("__row_number", "__problem", "__raw", "__cells")
PARTS = 1 << 20
"""Addresses are packed into one integer, row number × this + part: a record has far fewer parts."""
PACKED_SQL = f"_row_number * {PARTS} + _row_part"
"""The same in SQL."""

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
    """The batches of some files side by side, from memory-mapped files: never more than a chunk in memory.

    What was read is given back when the next chunk is asked for, else the pages of the whole file would count as ours.
    A batch that is still in use stays good: its pages are read again.
    """
    files = [ArrowChunks(folder / name) for name in names]
    if len({len(file) for file in files}) != 1:
        raise GateError(
            "step outputs do not belong together",
            where=str(folder),
            got=", ".join(f"{n}: {len(f)} batches" for n, f in zip(names, files, strict=True)),
            expected="as many batches in each",
            next_step="run the delivery again from extract",
        )
    for batches in zip(*files, strict=True):
        yield batches
        for file in files:
            file.release()


def rejected_rows(folder: Path, contract: Contract, rejected: npt.NDArray[np.int64]) -> Iterator[pa.RecordBatch]:
    """The rejected rows as quarantine keeps them: cells as received, readable amounts, hash."""
    rejected = np.sort(rejected)
    for raw, clean in chunks(folder, "raw.arrow", "clean.arrow"):
        keys = packed(clean)
        first, last = np.searchsorted(rejected, (keys.min(), keys.max() + 1)) if len(keys) else (0, 0)
        at = np.flatnonzero(np.isin(keys, rejected[first:last], assume_unique=True))
        if len(at):
            yield _quarantined(raw, clean.take(pa.array(at)), contract)


def _quarantined(raw: pa.RecordBatch, rows: pa.RecordBatch, contract: Contract) -> pa.RecordBatch:
    numbers = np.asarray(raw.column("__row_number"))
    order = np.argsort(numbers, kind="stable")
    wanted = np.asarray(rows.column("_row_number"))
    at = order[np.minimum(np.searchsorted(numbers, wanted, sorter=order), len(order) - 1)]
    if (numbers[at] != wanted).any():
        raise GateError("a cleaned row has no raw record in its chunk", next_step="run the delivery again from extract")
    columns = [
        rows.column("_row_number").cast(pa.int64()),
        rows.column("_row_part").cast(pa.int32()),
        _cells(raw.take(pa.array(at))),
        *_amounts(rows, contract),
        rows.column("_row_hash").cast(pa.string()),
        _key_hashes(rows, contract.key),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=QUARANTINE_SCHEMA)


def _cells(records: pa.RecordBatch) -> pa.Array:
    """JSON of each record: source cells by header; of a malformed one its text, and its cells when it has some."""
    headers = [name for name in records.schema.names if name not in _INTERNAL]
    whole = json_objects({name: records.column(name) for name in headers}, records.num_rows)
    malformed = records.column("__problem").is_valid()
    texts = [
        json_text({"__raw": r["__raw"]} | ({} if r["__cells"] is None else {"__cells": r["__cells"]}))
        for r in records.select(["__raw", "__cells"]).filter(malformed).to_pylist()
    ]
    return pc.replace_with_mask(whole, malformed, pa.array(texts, pa.string())) if texts else whole


def _amounts(rows: pa.RecordBatch, contract: Contract) -> tuple[pa.Array, pa.Array]:
    """JSON of the readable amounts and of their currencies."""
    amounts, currencies = dict[str, pa.Array](), dict[str, pa.Array]()
    for column in contract.money:
        values = rows.column(column.name)
        amounts[column.name] = plain_texts(values)
        currency = column.currency or ""
        named = currency in rows.schema.names
        codes = rows.column(currency) if named else pa.repeat(pa.scalar(currency), rows.num_rows)
        known = pc.and_(values.is_valid(), pc.not_equal(codes, ""))
        currencies[column.name] = pc.if_else(known, codes, pa.scalar(None, pa.string()))
    texts = [json_objects(members, rows.num_rows, leave_out=True) for members in (amounts, currencies)]
    return texts[0], texts[1]


def _key_hashes(rows: pa.RecordBatch, key: Sequence[str]) -> pa.Array:
    """`reject.key_hash` of each row."""
    values = zip(*(rows.column(name).to_pylist() for name in key), strict=True)
    return pa.array([key_hash(row) for row in values], pa.string())
