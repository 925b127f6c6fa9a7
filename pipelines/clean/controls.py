"""Control totals: what the sender promises, read in the client's locale from footer records, cells and other texts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipelines.clean.column import CellError
from pipelines.clean.facts import ControlMeasured, ControlText, ControlValue, FileInfo
from pipelines.clean.mapping import Header
from pipelines.clean.numbers import read_number
from pipelines.control_words import Control, What, parts_of
from pipelines.profile import ControlAt, SourceRef
from pipelines.rowhash import plain

_SHOWN = 40  # characters of an unreadable promise that a message quotes


class _Unread(Exception):
    """Why a control total is not there."""


@dataclass(frozen=True)
class _Place:
    """Where a control stands, and in which locale. `texts`: control → what was read for it elsewhere."""

    info: FileInfo
    header: Header
    locale: str
    delimiter: str
    texts: Mapping[str, ControlText]


def locale_of(ref: SourceRef, name: str) -> str:
    """The locale of a control: its own, that of the column it is about, or the source's."""
    where, (_, column) = ref.source.controls[name], parts_of(name)
    rule = ref.source.columns.get(column or "")
    own = where.locale if isinstance(where, ControlAt) else None
    return own or (rule.locale if rule else None) or ref.locale


def read_controls(
    ref: SourceRef, info: FileInfo, columns: dict[str, list[str]], texts: Mapping[str, ControlText]
) -> list[ControlValue]:
    """Every control of the source; one that cannot be read has no `promised` and says why: the gate then holds.

    Short form `footer`: `rows` is the first whole number of the first footer record, `sum(x)` the cell below the
    source column that x comes from, else the last number of that record. `columns`: canonical ← source columns;
    `texts`: what control files and other sheets say.
    """
    out: list[ControlValue] = []
    for name, where in ref.source.controls.items():
        what, column = parts_of(name)
        fmt = ref.source.format
        delimiter = fmt.delimiter if fmt.type == "csv" else " "
        place = _Place(info, Header(info.columns), locale_of(ref, name), delimiter, texts)
        try:
            value = _checked(what, _promised(name, where, place, columns.get(column or "", [])))
        except _Unread as fault:
            out.append(ControlValue(name, None, str(fault)))
        else:
            out.append(ControlValue(name, plain(value)))
    return out


def promised_by_format(info: FileInfo) -> list[ControlValue]:
    """The totals that the file promises as its message format wants it."""
    return [ControlValue(f"said({name})", said) for name, said, _, _ in info.totals]


def found_by_format(info: FileInfo) -> list[ControlMeasured]:
    """What the reader of the format found for them."""
    return [ControlMeasured(f"said({name})", found, where) for name, _, found, where in info.totals]


def _promised(name: str, where: Control, place: _Place, sources: list[str]) -> Decimal:
    if where != "footer":
        return _number(_text_at(name, where, place), place.locale)
    record = _footer(1, place.info)
    if parts_of(name)[1] is None:
        return _first_count(record, place.locale)
    position = place.info.columns.index(sources[0]) if len(sources) == 1 and sources[0] in place.info.columns else -1
    if 0 <= position < len(record) and record[position].strip():
        return _number(record[position], place.locale)
    return _last_number(record, place.locale)


def _text_at(name: str, where: ControlAt, place: _Place) -> str:
    if where.elsewhere:
        found = place.texts.get(name, ControlText(None, "nothing was read for it"))
        if found.text is None:
            raise _Unread(found.fault)
        text = found.text
    elif where.cell is not None:
        cell = place.info.cells.get(where.cell.upper())
        if cell is None:
            raise _Unread(f"the file has no cell {where.cell}")
        text = cell
    else:
        record = _footer(where.footer or 1, place.info)
        text = _cell(record, where.column, place) if where.column is not None else place.delimiter.join(record)
    return text if where.pattern is None else _part(where.pattern, text)


def _part(pattern: str, text: str) -> str:
    """What the pattern finds; a promise that stands there twice is none."""
    found = list(re.finditer(pattern, text))
    if not found:
        raise _Unread(f"the text of the control total does not match /{pattern}/")
    if len(found) > 1:
        raise _Unread(f"/{pattern}/ is found {len(found)} times where the control total stands, expected once")
    return (found[0][1] if found[0].re.groups else found[0][0]) or ""


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
        raise _Unread(f"{error.message}, got {text[:_SHOWN]!r}") from None
    if value is None:
        raise _Unread("the place of the control total is empty")
    return value


def _checked(what: What, value: Decimal) -> Decimal:
    if what != "sum" and value != value.to_integral_value():
        of_what = " of rows" if what == "rows" else ""
        raise _Unread(f"expected a whole number{of_what}, got {value}")
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
