"""Canonical text of typed values, and the hashes made of it.

`_row_hash` decides whether a row has changed since the last delivery, so its text must not depend on the order
of the columns, on columns that are empty, or on the scale of a number: 12.3 in `numeric(18,2)` and in
`numeric(18,4)` are the same row, and a new optional column changes no hash.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    filled = np.column_stack([pc.is_valid(t).to_numpy(zero_copy_only=False) for t in texts])
    packed = np.packbits(filled, axis=1)
    patterns = packed.view(f"V{packed.shape[1]}").ravel()
    _, first, which = np.unique(patterns, return_index=True, return_inverse=True)
    named = (",".join(name for name, there in zip(names, filled[row], strict=True) if there) for row in first)
    heads = pa.array([blake2b(n.encode(), digest_size=8).hexdigest() for n in named], pa.string())
    return pc.binary_join_element_wise(heads.take(pa.array(which.ravel())), *texts, _BETWEEN, null_handling="skip")


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
