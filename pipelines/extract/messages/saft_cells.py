"""The values of an element by column: what no column takes is kept as `other`, so that nothing of a record is lost."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from pipelines.extract.messages.xml_stream import local

_FOREIGN = "{http://www.w3.org/2001/XMLSchema-instance}"


MOST_DIGITS, LEAST_EXPONENT = 15, -40
"""Larger numbers, and finer ones, are no amounts: `1e999999999` must not become as many digits."""


def leaves(element: Any, stop: Collection[str] = (), above: str = "") -> Iterator[tuple[str, str]]:
    """Path below the element and text of everything in it that has one; children named in `stop` are left out."""
    for child in element:
        name = local(child)
        if not name or (not above and name in stop):
            continue
        path = f"{above}{name}"
        for key, value in child.attrib.items():
            if not key.startswith(_FOREIGN):
                yield f"{path}/@{key.rpartition('}')[2]}", value
        text = (child.text or "").strip()
        if len(child):
            yield from leaves(child, (), f"{path}/")
            text = " ".join([text, *((c.tail or "").strip() for c in child)]).strip()
        if text:
            yield path, text


def cells_of(
    element: Any, columns: Mapping[str, str], stop: Collection[str] = (), sums: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The cells of a record. A column takes the first value at its paths; `sums` are paths whose values add up.

    What no column takes, or takes no more, stands in `other` as `path=value; …`.
    """
    cells: dict[str, str] = {}
    other: list[str] = []
    for path, text in leaves(element, stop):
        column = columns.get(path)
        if column is not None and column not in cells:
            cells[column] = text
        elif sums and (column := sums.get(path)) and (total := added(cells.get(column), text)):
            cells[column] = total
        else:
            other.append(f"{path}={text}")
    if other:
        cells["other"] = "; ".join(other)
    return cells


def number(text: str | None) -> Decimal | None:
    """An exact number of XML; None for anything else."""
    if not text:
        return None
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return None
    sound = value.is_finite() and value.adjusted() <= MOST_DIGITS and int(value.as_tuple().exponent) >= LEAST_EXPONENT
    return value if sound else None


def amount(text: str | None) -> Decimal:
    """A number, or zero where there is none: for sums."""
    return number(text) or Decimal(0)


def added(before: str | None, text: str) -> str | None:
    """The sum of two numbers as text; None when the second is none."""
    value = number(text)
    if value is None:
        return None
    return plain(amount(before) + value) if before else text


def plain(value: Decimal) -> str:
    """A number as digits, never with an exponent."""
    return f"{value:f}"
