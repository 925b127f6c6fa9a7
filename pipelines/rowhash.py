"""Canonical text of typed values, and the hashes made of it.

`_row_hash` decides whether a row has changed since the last delivery, so its text must not depend on the order
of the columns, on columns that are empty, or on the scale of a number: 12.3 in `numeric(18,2)` and in
`numeric(18,4)` are the same row, and a new optional column changes no hash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from hashlib import blake2b
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_PLAIN_SCALE = 6
"""Up to this scale Arrow writes small decimals without an exponent."""

_BETWEEN = "\x1f"


def canonical(values: pa.Array) -> pa.Array:
    """Text of every value: ISO dates, UTC times with microseconds, numbers without trailing zeros, true and false."""
    kind = values.type
    if pa.types.is_string(kind):
        return values
    if pa.types.is_decimal(kind):
        return _decimals(values)
    encoded = values.dictionary_encode()
    distinct = encoded.dictionary
    if pa.types.is_timestamp(kind):
        texts = pc.strftime(distinct.cast(pa.timestamp("us", tz="UTC")), format="%Y-%m-%dT%H:%M:%SZ")
    else:
        texts = distinct.cast(pa.string())
    return texts.take(encoded.indices)


def _decimals(values: pa.Array) -> pa.Array:
    """12.30 → 12.3, 5.00 → 5, 0.00 → 0."""
    if values.type.scale > _PLAIN_SCALE:
        return pa.array([None if v is None else plain(v) for v in values.to_pylist()], pa.string())
    texts = values.cast(pa.string())
    return texts if values.type.scale <= 0 else pc.ascii_rtrim(pc.ascii_rtrim(texts, "0"), ".")


def plain(value: Decimal) -> str:
    """A number without exponent and trailing zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def row_texts(columns: Mapping[str, pa.Array]) -> pa.Array:
    """One text per row: a hash of the names of the columns that are not null, then their values in order of name.

    Cleaned text holds no control characters, so the one between the values cannot stand in a value.
    """
    names = sorted(columns)
    texts = [canonical(columns[name]) for name in names]
    return pc.binary_join_element_wise(_heads(names, texts), *texts, _BETWEEN, null_handling="skip")


_BITS = 31
"""Columns whose nulls are packed at once: the number of a pattern, below 2**31, and these stay within 64 bits."""


def _heads(names: Sequence[str], texts: Sequence[pa.Array]) -> pa.Array:
    """For every row the hash of the names of its columns that are not null. Most columns have no null at all."""
    rows = len(texts[0]) if texts else 0
    patterns = np.zeros(rows, np.int64)
    nullable = [text for text in texts if text.null_count]
    for start in range(0, len(nullable), _BITS):
        for text in nullable[start : start + _BITS]:
            patterns = patterns * 2 + pc.is_valid(text).to_numpy(zero_copy_only=False)
        patterns = pa.array(patterns).dictionary_encode().indices.to_numpy().astype(np.int64)
    first = np.zeros(int(patterns.max(initial=-1)) + 1, np.int64)
    first[patterns[::-1]] = np.arange(rows)[::-1]  # of several rows the last one written stays: the first of them
    heads = []
    for row in first.tolist():
        named = ",".join(name for name, text in zip(names, texts, strict=True) if text[row].is_valid)
        heads.append(blake2b(named.encode(), digest_size=8).hexdigest())
    return pa.array(heads, pa.string()).take(pa.array(patterns))


def digests(texts: pa.Array, size: int) -> list[bytes]:
    """BLAKE2b of every text."""
    offsets = np.frombuffer(texts.buffers()[1], np.int32, len(texts) + 1, texts.offset * 4).tolist()
    data = memoryview(texts.buffers()[2] or b"")
    return [blake2b(data[start:end], digest_size=size).digest() for start, end in pairwise(offsets)]


def row_hashes(columns: Mapping[str, pa.Array], instead: Mapping[int, str]) -> pa.Array:
    """32 hexadecimal digits per row; `instead`: row → text that is hashed for it (malformed records: as received)."""
    found = digests(row_texts(columns), 16)
    for row, text in instead.items():
        found[row] = blake2b(b"\0" + text.encode(), digest_size=16).digest()
    ends = pa.array(np.arange(len(found) + 1, dtype=np.int32) * 32).buffers()[1]
    return pa.Array.from_buffers(pa.string(), len(found), [None, ends, pa.py_buffer(b"".join(found).hex().encode())])
