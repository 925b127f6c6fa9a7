"""`part` of the column map: one part of a person's name, or of an address, that stands in one cell with others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from babel import Locale

from pipelines.clean.address_split import AddressParts, split_address
from pipelines.clean.address_whole import split_whole_address
from pipelines.clean.column import distinct
from pipelines.clean.frame import Cells, Frame
from pipelines.clean.people import split_person_name
from pipelines.clean.text import clean_text
from pipelines.column_words import NAME_PARTS, PLACE_PARTS, ColumnRule

if TYPE_CHECKING:
    from pipelines.clean.origins import Origin

CountryOf = Callable[[Frame], pa.Array]
"""The cleaned country of each row, null where it has none."""

_NAMES = {"title": "title", "given_name": "given", "family_name": "family", "suffix": "suffix"}


def part_of(part: str, text: str, country: str | None, locale: str, *, whole: bool) -> str:
    """One part of a text, as typed; '' where the text does not show it.

    A person's name is read in the order of the client's language, an address in that of its country, or of the
    client's where the row names none. `whole` says that
    the cell holds postal code and town too. What cannot be told apart stays in one part: a single word is a family
    name, a line without a house number a street. Nothing is rejected, and no part is spelled otherwise.

    >>> part_of("family_name", "Leyen, Dr. Ursula von der", None, "de_DE", whole=False)
    'von der Leyen'
    >>> part_of("house_number", "Obere Str. 57", "DE", "de_DE", whole=False)
    '57'
    >>> part_of("city", "Obere Str. 57, 12209 Berlin", "DE", "de_DE", whole=True)
    'Berlin'
    """
    if part in NAME_PARTS:
        return str(getattr(_name(clean_text(text), Locale.parse(locale).language), _NAMES[part]))
    if not whole and part not in PLACE_PARTS:
        return _of_line(split_address(clean_text(text), country or Locale.parse(locale).territory), part)
    lines = ", ".join(clean_text(line) for line in text.splitlines())
    address = split_whole_address(lines, country, locale)
    return str(getattr(address, part)) if part in PLACE_PARTS else _of_line(address.line, part)


def _of_line(parts: AddressParts, part: str) -> str:
    return str(getattr(parts, part))


_name = lru_cache(maxsize=16_384)(split_person_name)


@dataclass(frozen=True)
class PartOf:
    """`part`: of what another origin gives."""

    whole_text: Origin
    part: str
    locale: str
    country: CountryOf | None
    whole: bool
    exact: bool = False

    @property
    def said(self) -> str:
        """Words for `explain`."""
        before = f"{self.whole_text.said}, " if self.whole_text.said else ""
        return f"{before}{self.part.replace('_', ' ')} of it"

    @property
    def sources(self) -> tuple[str, ...]:
        """Source columns, those that the file has. The country's column is read by a column of its own."""
        return self.whole_text.sources

    def read(self, frame: Frame) -> Cells:
        """The part, once per distinct text and country."""
        cells = self.whole_text.read(frame)
        beside = self.country(frame) if self.country and self.part not in NAME_PARTS else None
        at, pairs = distinct(cells.texts, beside)
        found = [part_of(self.part, text, country, self.locale, whole=self.whole) for text, country in pairs]
        texts = pc.fill_null(pa.array(found, pa.string()).take(at), "")
        return Cells(texts, cells.originals, cells.faults)


def whole_cells(rules: Iterable[ColumnRule]) -> frozenset[tuple[str, ...]]:
    """The source columns that hold whole addresses: those of which some rule takes the place."""
    return frozenset(tuple(rule.sources) for rule in rules if rule.part in PLACE_PARTS)
