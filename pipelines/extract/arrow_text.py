"""Typed values of Arrow as the text a client would type.

Whole numbers and decimals are exact (`1.10` stays `1.10`), floats are the shortest text that gives the same number
(`0.1`, `1e+20`, `nan`), both with the decimal sign of the locale. Booleans are `true` and `false`, dates `2024-05-01`,
times `13:05:00.5`, timestamps `2024-05-01T13:05:00`, with a time zone the same instant in UTC, `2024-05-01T13:05:00Z`;
durations hours, minutes and seconds (`37:30:00`). Lists, structs and maps are compact JSON. Null is an empty cell.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from pipelines.extract.jsontext import Number, encode

OUT_OF_RANGE = "<value out of range"
"""How Arrow writes a date or timestamp outside the years it can write."""

_PER_SECOND: Mapping[str, int] = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


class NoText(Exception):
    """The values of a column have no text; the message says what they are."""


def as_text(array: pa.Array, decimal: str) -> pa.Array:
    """The values as strings, with this decimal sign; nulls stay null. Raises NoText.

    >>> as_text(pa.array([1.5, None]), ",").to_pylist()
    ['1,5', None]
    """
    kind = array.type
    if isinstance(array, pa.ExtensionArray):
        if str(kind) == "extension<arrow.uuid>":
            return _each(array.storage, lambda value: str(uuid.UUID(bytes=value)))
        return as_text(array.storage, decimal)
    if types.is_dictionary(kind):
        return as_text(array.dictionary, decimal).take(array.indices)
    if types.is_run_end_encoded(kind):
        return as_text(pc.run_end_decode(array), decimal)
    if types.is_null(kind):
        return pa.nulls(len(array), pa.string())
    if types.is_boolean(kind) or types.is_integer(kind):
        return array.cast(pa.string())
    if types.is_floating(kind):
        number = array.cast(pa.float32()) if types.is_float16(kind) else array
        return _signed(number.cast(pa.string()), decimal)
    if types.is_decimal(kind):
        return _signed(_decimals(array), decimal)
    if types.is_temporal(kind):
        return _times(array)
    if _is_bytes(kind):
        return _checked(array)
    if types.is_nested(kind):
        return _each(array, lambda value: encode(_plain(value)))
    raise NoText(f"values of type {kind}")


def is_long(kind: pa.DataType) -> bool:
    """Whether the values are of any length: text or bytes."""
    return bool(types.is_dictionary(kind) and _is_bytes(kind.value_type)) or _is_bytes(kind)


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(
        types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
        or types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind)
        or types.is_fixed_size_binary(kind)
    )  # fmt: skip


def _checked(array: pa.Array) -> pa.Array:
    """Text from text or bytes; the bytes of a damaged or lying file may be no UTF-8."""
    try:
        text = array.cast(pa.string())
        text.validate(full=True)
    except pa.ArrowInvalid:
        raise NoText("bytes that are no UTF-8 text") from None
    return text


def _signed(text: pa.Array, decimal: str) -> pa.Array:
    return text if decimal == "." else pc.replace_substring(text, ".", decimal)


def _decimals(array: pa.Array) -> pa.Array:
    """Arrow writes very small decimals with an exponent; here none has one."""
    text = array.cast(pa.string())
    if not pc.any(pc.match_substring(text, "E")).as_py():
        return text
    return pa.array([None if t is None else format(Decimal(t), "f") for t in text.to_pylist()], pa.string())


def _times(array: pa.Array) -> pa.Array:
    kind = array.type
    if types.is_date(kind):
        return array.cast(pa.date32(), safe=False).cast(pa.string())
    if types.is_duration(kind):
        per_second = _PER_SECOND[kind.unit]
        return _each(array.cast(pa.int64()), lambda value: _duration(value, per_second))
    if types.is_interval(kind):
        raise NoText("intervals of months and days")
    if not types.is_timestamp(kind):
        return _short(array.cast(pa.string()))
    text = _short(array.view(pa.timestamp(kind.unit)).cast(pa.string()))
    inside = pc.invert(pc.starts_with(text, OUT_OF_RANGE))
    written = pc.replace_substring(text, " ", "T")
    if kind.tz is not None:
        written = pc.binary_join_element_wise(written, "Z", "")
    return pc.if_else(inside, written, text)


def _short(text: pa.Array) -> pa.Array:
    """Without the zeros at the end of a fraction of seconds."""
    whole = pc.replace_substring_regex(text, r"\.0+$", "")
    return pc.replace_substring_regex(whole, r"(\.\d*[1-9])0+$", r"\1")


def _duration(value: int, per_second: int) -> str:
    """Hours, minutes and seconds; hours are not folded into days.

    >>> _duration(135_000_500, 1000), _duration(-60, 1)
    ('37:30:00.5', '-00:01:00')
    """
    seconds, rest = divmod(abs(value), per_second)
    fraction = f".{rest:0{len(str(per_second)) - 1}}".rstrip("0") if rest else ""
    sign = "-" if value < 0 else ""
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{fraction}"


def _each(array: pa.Array, text: Any) -> pa.Array:
    return pa.array([None if value is None else text(value) for value in array.to_pylist()], pa.string())


def _plain(value: Any) -> Any:
    """A nested value with nothing in it but what JSON has; numbers keep their digits."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Decimal):
        return Number(format(value, "f"))
    if isinstance(value, int | float):
        return Number(repr(value))
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise NoText("bytes that are no UTF-8 text") from None
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
