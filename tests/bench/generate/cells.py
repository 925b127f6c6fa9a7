"""From plain numpy columns to typed Arrow columns, and from these to the text a sender writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Columns = dict[str, npt.NDArray[Any]]
"""Amounts and quantities are int64 in minor units (cents), dates datetime64, texts objects."""

NONE = int(np.iinfo(np.int64).min)
"""No number."""


@dataclass(frozen=True)
class Style:
    """How a sender writes: `dates` are the usual format and the odd one, `group` stands between thousands."""

    delimiter: str
    dates: tuple[str, str]
    encoding: str = "utf-8"
    newline: str = "\n"
    decimal: str = "."
    group: str = ""
    other_group: str = ""
    trailing_minus: bool = False


ISO = Style(delimiter=",", dates=("%Y-%m-%d", "%Y-%m-%d"))
"""As PostgreSQL reads it."""


def typed(values: npt.NDArray[Any], kind: pa.DataType) -> pa.Array:
    """A column of the contract's type; NONE, NaT and None are null."""
    if values.dtype != np.int64:
        return pa.array(values, kind)
    missing = values == NONE
    if pa.types.is_decimal(kind):
        halves = np.stack([values, values >> 63], axis=1)
        made = pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(halves.tobytes())])
    else:
        made = pa.array(values, kind)
    return pc.if_else(pa.array(missing), pa.scalar(None, kind), made) if missing.any() else made


def spelled(values: pa.Array, style: Style, *, other: bool = False) -> pa.Array:
    """A typed column as text; with `other` in the spelling that the sender uses now and then."""
    kind = values.type
    if pa.types.is_decimal(kind) or pa.types.is_integer(kind):
        return _number(values, style, style.other_group if other else style.group)
    if pa.types.is_date(kind):
        return pc.strftime(values.cast(pa.timestamp("s")), format=style.dates[other])
    if pa.types.is_timestamp(kind):
        return pc.strftime(values.cast(pa.timestamp("s")), format=style.dates[other] + " %H:%M:%S")
    return values.cast(pa.string())


def _number(values: pa.Array, style: Style, group: str) -> pa.Array:
    text = values.cast(pa.string())
    if style.decimal != ".":
        text = pc.replace_substring(text, ".", style.decimal)
    if group:
        end = "$" if pa.types.is_integer(values.type) or not values.type.scale else f"[{style.decimal}]"
        first, last = f"^(-?[0-9]+)([0-9]{{3}})({end})", f"^(-?[0-9]+)([0-9]{{3}})({group})"
        for pattern in (first, last.replace(".", "[.]") if group == "." else last):
            text = pc.replace_substring_regex(text, pattern, f"\\1{group}\\2\\3")
    if style.trailing_minus:
        text = pc.replace_substring_regex(text, "^-(.*)$", "\\1-")
    return text


def coded(values: pa.Array, codes: Mapping[Any, str]) -> pa.Array:
    """Values in the sender's own codes; those that have none stay as they are."""
    found = pc.index_in(values, pa.array(list(codes), values.type))
    return pc.coalesce(pa.array(list(codes.values())).take(found), values.cast(pa.string()))


def put(cells: pa.Array, at: npt.NDArray[np.int64], new: pa.Array | str) -> pa.Array:
    """Other cells at those rows."""
    if not len(at):
        return cells
    mask = np.zeros(len(cells), dtype=bool)
    mask[at] = True
    fill = pa.array([new] * len(at), pa.string()) if isinstance(new, str) else new
    return pc.replace_with_mask(cells, pa.array(mask), fill)


def lines(cells: list[pa.Array], style: Style) -> pa.Array:
    """One line per row, without its end; cells are quoted where they must be."""
    special = f'["\\r\\n{style.delimiter}]'
    return pc.binary_join_element_wise(*(_quoted(c.fill_null(""), special) for c in cells), style.delimiter)


def _quoted(cells: pa.Array, special: str) -> pa.Array:
    needed = pc.match_substring_regex(cells, special)
    if not pc.any(needed).as_py():
        return cells
    inner = pc.replace_substring(cells, '"', '""')
    return pc.if_else(needed, pc.binary_join_element_wise('"', inner, '"', ""), cells)


def encoded(text: pa.Array, style: Style) -> bytes:
    """The lines, each with its end, as bytes."""
    ended = pc.binary_join_element_wise(text, style.newline, "")
    offsets = np.frombuffer(ended.buffers()[1], np.int32)[ended.offset : ended.offset + len(ended) + 1]
    content = ended.buffers()[2][int(offsets[0]) : int(offsets[-1])].to_pybytes()
    return content if style.encoding == "utf-8" else content.decode("utf-8").encode(style.encoding)
