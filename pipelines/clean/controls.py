"""Control totals: what the sender promises, read from footer records and cells in the client's locale."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pipelines.clean.column import CellError
from pipelines.clean.facts import ControlValue, FileInfo
from pipelines.clean.mapping import Header
from pipelines.clean.numbers import read_number
from pipelines.clean.rowhash import plain
from pipelines.profile import ControlAt, SourceRef
from pipelines.profile_words import CONTROL_NAME


class _Unread(Exception):
    """Why a control total is not there."""


@dataclass(frozen=True)
class _Place:
    """Where a control stands, and in which locale."""

    info: FileInfo
    header: Header
    locale: str


def read_controls(ref: SourceRef, info: FileInfo, columns: dict[str, list[str]]) -> list[ControlValue]:
    """Every control of the source; one that cannot be read has no `promised` and says why: the gate then holds.

    Short form `footer`: `rows` is the first whole number of the first footer record, `sum(x)` the cell below the
    source column that x comes from, else the last number of that record. `columns`: canonical ← source columns.
    """
    out: list[ControlValue] = []
    for name, where in ref.source.controls.items():
        found = CONTROL_NAME.fullmatch(name)
        column = found[1] if found else None
        rule = ref.source.columns.get(column or "")
        place = _Place(info, Header(info.columns), (rule.locale if rule else None) or ref.locale)
        try:
            value = _promised(column, where, place, columns.get(column or "", []))
        except _Unread as fault:
            out.append(ControlValue(name, None, str(fault)))
        else:
            out.append(ControlValue(name, plain(value)))
    return out


def _promised(column: str | None, where: Literal["footer"] | ControlAt, place: _Place, sources: list[str]) -> Decimal:
    if where != "footer":
        return _checked(column, _number(_text_at(where, place), place.locale))
    record = _footer(1, place.info)
    if column is None:
        return _first_count(record, place.locale)
    position = place.info.columns.index(sources[0]) if len(sources) == 1 and sources[0] in place.info.columns else -1
    if 0 <= position < len(record) and record[position].strip():
        return _number(record[position], place.locale)
    return _last_number(record, place.locale)


def _text_at(where: ControlAt, place: _Place) -> str:
    if where.cell is not None:
        text = place.info.cells.get(where.cell.upper())
        if text is None:
            raise _Unread(f"the file has no cell {where.cell}")
    else:
        text = _cell(_footer(where.footer or 1, place.info), where.column, place)
    if where.pattern is None:
        return text
    found = re.search(where.pattern, text)
    if found is None:
        raise _Unread(f"the text of the control total does not match /{where.pattern}/")
    return (found[1] if found.re.groups else found[0]) or ""


def _cell(record: Sequence[str], column: str | int | None, place: _Place) -> str:
    if isinstance(column, int):
        position = column - 1
    else:
        found = place.header.match(column or "")
        if len(found) != 1:
            raise _Unread(f"the file has no column {column!r}")
        position = place.info.columns.index(found[0])
    if not 0 <= position < len(record):
        raise _Unread(f"the footer record has {len(record)} cells, none at position {position + 1}")
    return record[position]


def _footer(number: int, info: FileInfo) -> Sequence[str]:
    if number > len(info.footer):
        raise _Unread(f"the file has {len(info.footer)} footer records, none with number {number}")
    return info.footer[number - 1]


def _number(text: str, locale: str) -> Decimal:
    try:
        value = read_number(text, locale)
    except CellError as error:
        raise _Unread(f"{error.message}, got {text!r}") from None
    if value is None:
        raise _Unread("the place of the control total is empty")
    return value


def _checked(column: str | None, value: Decimal) -> Decimal:
    if column is None and value != value.to_integral_value():
        raise _Unread(f"expected a whole number of rows, got {value}")
    return value


def _readable(record: Sequence[str], locale: str) -> list[Decimal]:
    found: list[Decimal] = []
    for cell in record:
        try:
            value = read_number(cell, locale)
        except CellError:
            continue
        if value is not None:
            found.append(value)
    return found


def _first_count(record: Sequence[str], locale: str) -> Decimal:
    for value in _readable(record, locale):
        if value == value.to_integral_value() and value >= 0:
            return value
    raise _Unread("the first footer record has no whole number")


def _last_number(record: Sequence[str], locale: str) -> Decimal:
    found = _readable(record, locale)
    if not found:
        raise _Unread("the first footer record has no number")
    return found[-1]
