"""Whole columns as text: values masked as `reject.mask` masks one, and the JSON that quarantine keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contract import Contract
from pipelines.reject import mask
from pipelines.warehouse.quarantine_store import without_nul

_STARS = pa.array(["*" * n for n in range(12)])
_ALWAYS_PLAIN = 6  # digits behind the point that Arrow writes without an exponent
_FIRST_PRINTED = 0x20
_CONTROL = r"[\x00-\x1f]"  # JSON escapes these, and we write NUL as its symbol


def masked_texts(contract: Contract, batch: pa.RecordBatch, column: str, at: npt.NDArray[np.int64]) -> pa.Array:
    """Cleaned values of a column at some positions as text, masked when personal."""
    texts = pc.cast(batch.column(column).take(pa.array(at)), pa.string())
    found = next((c for c in contract.columns if c.name == column), None)
    return masked(texts, found.classification) if found and found.is_personal else texts


def masked(texts: pa.Array, classification: str) -> pa.Array:
    """`reject.mask` of every text."""
    if mask("ab", classification) == "ab":
        return texts
    length = pc.utf8_length(texts)
    if classification == "restricted":
        return pc.if_else(pc.equal(length, 0), texts, pa.scalar(mask("ab", classification)))
    hidden = pc.min_element_wise(pc.max_element_wise(pc.subtract(length, 1), 0), len(_STARS) - 1, skip_nulls=False)
    first = pc.utf8_slice_codeunits(texts, 0, 1)
    return pc.binary_join_element_wise(first, _STARS.take(pc.fill_null(hidden, 0)), "")


def samples(
    contract: Contract, batch: pa.RecordBatch, columns: Sequence[str], at: npt.NDArray[np.int64]
) -> list[dict[str, Any]]:
    """Address and masked values of some rows, for people to look at."""
    numbers = batch.column("_row_number").take(pa.array(at)).to_pylist()
    parts = batch.column("_row_part").take(pa.array(at)).to_pylist()
    texts = {c: masked_texts(contract, batch, c, at).to_pylist() for c in columns}
    return [
        {"row_number": n, "row_part": p, "values": {c: texts[c][i] for c in columns}}
        for i, (n, p) in enumerate(zip(numbers, parts, strict=True))
    ]


def json_objects(members: Mapping[str, pa.Array], rows: int, *, leave_out: bool = False) -> pa.Array:
    """One JSON object per row from columns of texts. A missing text is null, or its member is left out."""
    if not members:
        return pa.repeat(pa.scalar("{}"), rows)
    parts: list[str | pa.Array] = []
    for name, texts in members.items():
        start = f", {json_text(name)}: "
        if not texts.null_count:
            parts += [f'{start}"', _escaped(texts), '"']
        elif leave_out:
            parts.append(pc.fill_null(pc.binary_join_element_wise(f'{start}"', _escaped(texts), '"', ""), ""))
        else:
            parts += [start, pc.fill_null(json_texts(texts), "null")]
    if isinstance(parts[0], str):
        parts[0] = "{" + parts[0].removeprefix(", ")
        return pc.binary_join_element_wise(*parts, "}", "")
    members_only = pc.utf8_slice_codeunits(pc.binary_join_element_wise(*parts, ""), 2)
    return pc.binary_join_element_wise("{", members_only, "}", "")


def json_texts(texts: pa.Array) -> pa.Array:
    """Every text as a JSON string; null stays null."""
    return pc.binary_join_element_wise('"', _escaped(texts), '"', "")


def json_text(value: Any) -> str:
    """One value as JSON that PostgreSQL takes: a NUL in it is written as its symbol."""
    return json.dumps(_without_nul(value), ensure_ascii=False)


def _without_nul(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nul(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_without_nul(v) for v in value]
    return without_nul(value) if isinstance(value, str) else value


def plain_texts(decimals: pa.Array) -> pa.Array:
    """Decimals in plain notation, all digits of their scale; Arrow writes very small ones as 1E-7."""
    if decimals.type.scale <= _ALWAYS_PLAIN:
        return decimals.cast(pa.string())
    return pa.array([None if d is None else format(d, "f") for d in decimals.to_pylist()], pa.string())


def _escaped(texts: pa.Array) -> pa.Array:
    """What stands between the quotes of a JSON string."""
    used = np.frombuffer(texts.buffers()[2] or b"", np.uint8)  # no part of another UTF-8 character looks like these
    if not ((used < _FIRST_PRINTED) | (used == ord('"')) | (used == ord("\\"))).any():
        return texts
    escaped = pc.replace_substring(pc.replace_substring(texts, "\\", "\\\\"), '"', '\\"')
    odd = pc.fill_null(pc.match_substring_regex(texts, _CONTROL), False)
    if not pc.any(odd).as_py():
        return escaped
    written = pa.array([json_text(t)[1:-1] for t in texts.filter(odd).to_pylist()], pa.string())
    return pc.replace_with_mask(escaped, odd, written)
