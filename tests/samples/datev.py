"""Writes files as DATEV's programs do: the first line, the headings, records with a comma before the cents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipelines.extract.messages.datev_fields import FIELDS

NAMES = {
    "21": ("Buchungsstapel", "13"), "16": ("Debitoren/Kreditoren", "5"), "20": ("Kontenbeschriftungen", "3"),
    "46": ("Zahlungsbedingungen", "2"), "48": ("Diverse Adressen", "2"), "65": ("Wiederkehrende Buchungen", "4"),
}  # fmt: skip
NUMBERS = {"amount", "exchange_rate", "base_amount", "account", "counter_account", "document_day", "due_days"}
"""Columns of which the cells stand without quotes."""


def first_line(
    category: str,
    *,
    year: str = "20260101",
    start: str = "",
    end: str = "",
    label: str = "",
    length: int = 4,
    chart: str = "03",
    currency: str = "EUR",
    mark: str = "EXTF",
) -> str:
    """The first line of a file of that category."""
    name, version = NAMES[category]
    bookings = category == "21"
    cells = [
        f'"{mark}"', "700", category, f'"{name}"', version, "20261001080000000", "", '"RE"', '"kontor"', '""', "29098",
        "55003", year, str(length), start, end, f'"{label}"', '"SX"', "1" if bookings else "", "0" if bookings else "",
        "0" if bookings else "", f'"{currency}"', "", '""', "", "", f'"{chart}"', "", "", '""', '""',
    ]  # fmt: skip
    return ";".join(cells)


def headings(category: str, width: int | None = None) -> str:
    """The second line; older versions end before the last fields."""
    return ";".join(heading for heading, _ in FIELDS[category][:width])


def record(category: str, cells: Mapping[str, str], width: int | None = None) -> str:
    """One record; text stands in quotes, doubled inside."""
    strange = cells.keys() - {column for _, column in FIELDS[category]}
    if strange:
        raise KeyError(f"no field for {sorted(strange)}")
    return ";".join(_cell(column, cells.get(column, "")) for _, column in FIELDS[category][:width])


def written(category: str, records: Sequence[Mapping[str, str]], **first: str) -> str:
    """A whole file."""
    lines = [first_line(category, **first), headings(category), *(record(category, r) for r in records)]  # type: ignore[arg-type]
    return "\r\n".join(lines) + "\r\n"


def _cell(column: str, text: str) -> str:
    if column in NUMBERS or not column:
        return text
    return '"' + text.replace('"', '""') + '"' if text else ""
