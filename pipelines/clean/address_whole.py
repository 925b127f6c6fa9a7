"""A whole address in one cell: street and number, then place and postal code as the country orders them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache

from babel import Locale

from pipelines.clean.address_split import AddressParts, kinds_of_street, split_address
from pipelines.clean.address_words import NUMBER_FIRST
from pipelines.clean.column import CellError
from pipelines.clean.places import country_reader
from pipelines.postal import postal, region_code, spelled

_PIECES = re.compile(r"\s*(?:[,;\n\r\v\f\u2028]\s*)+")
_BRACKETS = re.compile(r"[()]")


@dataclass(frozen=True)
class WholeAddress:
    """What one cell says of an address, each part as typed; '' where it does not."""

    line: AddressParts = field(default_factory=AddressParts)
    postal_code: str = ""
    city: str = ""
    region: str = ""
    country: str = ""


def split_whole_address(text: str, country: str | None = None, locale: str = "en") -> WholeAddress:
    """Street, number, unit, post box, postal code, town, region and country of an address in one cell.

    The source writes the lines of a letter one behind the other, with commas or line breaks between them or without:
    'Obere Str. 57, 12209 Berlin' (DE), '12 High St, London SW1A 1AA, UK' (GB), '89 Jefferson Way, Portland OR 97201'
    (US). The postal code shows where the town is; it is known by the form of the country's codes, so a country must be
    named, in the cell or beside it. Without a code what stands behind the last comma is the town. What is what in
    '12 High St London' cannot be seen: it stays a street. Parts are as typed; nothing is rejected. Where no country is
    named, it is that of the locale.

    >>> whole = split_whole_address("87 Polk St. Suite 5, San Francisco, CA 94117, USA")
    >>> whole.line.street, whole.line.unit, whole.city, whole.region, whole.postal_code, whole.country
    ('Polk St.', 'Suite 5', 'San Francisco', 'CA', '94117', 'USA')
    """
    pieces = [" ".join(piece.split()) for piece in _PIECES.split(text)]
    pieces = [piece for piece in pieces if piece]
    named = ""
    if len(pieces) > 1 and (found := _country(pieces[-1], locale)) and country in (None, found):
        named, country = pieces.pop(), found
    country = country or home(locale)
    if country and (first := _place_first(pieces, country)):
        return replace(first, country=named)
    found_code = _code(pieces, country) if country else None
    if country is None or found_code is None:
        return _without_code(pieces, country, named)
    at, start, end = found_code
    words = pieces[at].split()
    before, code, behind = words[:start], " ".join(words[start:end]), words[end:]
    if postal(country).code_first and (behind or not before):
        whole = _place_behind(pieces[:at], before, behind, pieces[at + 1 :], country)
    else:
        whole = _place_before([*pieces[:at], " ".join(before)], [" ".join(behind), *pieces[at + 1 :]], country)
    return replace(whole, postal_code=code, country=named)


@lru_cache
def home(locale: str) -> str | None:
    """The country of a locale."""
    return Locale.parse(locale).territory


@lru_cache(maxsize=4096)
def _country(piece: str, locale: str) -> str | None:
    """The country a piece names; two letters may be a state."""
    try:
        return country_reader(locale)(piece) if len(piece) > 2 or piece == "UK" else None
    except CellError:
        return None


def _code(pieces: list[str], country: str) -> tuple[int, int, int] | None:
    """Where the postal code stands: number of the piece, first word, word behind the last. The last one counts."""
    for at in range(len(pieces) - 1, -1, -1):
        words = pieces[at].split()
        for start in range(len(words) - 1, -1, -1):
            for end in (start + 2, start + 1):
                if end > len(words) or not _may_stand(at, start, end, words, country):
                    continue
                if spelled(" ".join(words[start:end]), country)[0] is not None:
                    return at, start, end
    return None


def _may_stand(at: int, start: int, end: int, words: list[str], country: str) -> bool:
    """Whether a code may be there: between street and town, or at the end; '12' of '12 High St' is none."""
    first, number_first = postal(country).code_first, country in NUMBER_FIRST
    if not any(c.isdigit() for c in "".join(words[start:end])):
        return False
    if first:
        return (end < len(words) or start == 0) and (start > 0 or at > 0 or not number_first)
    return end == len(words) and (start > 0 or at > 0)


def _place_first(pieces: list[str], country: str) -> WholeAddress | None:
    """12209 Berlin, Obere Str. 57: the town with its code comes first, as in Hungary and in many lists."""
    words = pieces[0].split() if len(pieces) > 1 and country not in NUMBER_FIRST else []
    for end in (2, 1):
        code, town = " ".join(words[:end]), words[end:]
        named = any(c.isdigit() for c in code) and town and not any(c.isdigit() for c in "".join(town))
        if named and spelled(code, country)[0] is not None:
            city, region = _regioned(town, country)
            line = _line(pieces[1:], [], country)
            return WholeAddress(line, code, city, region) if city else WholeAddress(line, code, region)
    return None


def _place_behind(
    pieces: list[str], before: list[str], behind: list[str], rest: list[str], country: str
) -> WholeAddress:
    """12209 Berlin: the town follows its code."""
    street = [*pieces, " ".join(before)]
    if not behind and rest:
        behind, rest = rest[0].split(), rest[1:]
    if not behind and pieces:  # the code stands alone, at the end
        behind, street = pieces[-1].split(), pieces[:-1]
    city, region = _regioned(behind, country)
    if rest and not region and region_code(_BRACKETS.sub("", rest[0]), country):
        region, rest = rest[0], rest[1:]
    return WholeAddress(_line(street, rest, country), "", city, region)


def _place_before(pieces: list[str], rest: list[str], country: str) -> WholeAddress:
    """Portland OR 97201: the town comes first, then its state."""
    pieces, rest = [p for p in pieces if p], [p for p in rest if p]
    if not pieces:
        return WholeAddress(_line([], rest, country))
    words = pieces.pop().split()
    place, region = _regioned(words, country)
    if not place and len(pieces) > 1 and not any(c.isdigit() for c in pieces[-1]):
        place = pieces.pop()
    elif not place and pieces and len(region) > 3:  # London is a region too
        place, region = region, ""
    elif not pieces:
        street, place = _after_street(place, country)
        pieces = [street]
    return WholeAddress(_line(pieces, rest, country), "", place, region)


def _without_code(pieces: list[str], country: str | None, named: str) -> WholeAddress:
    if len(pieces) < 2 or any(c.isdigit() for c in pieces[-1]):
        return WholeAddress(_line(pieces, [], country), country=named)
    city, region = pieces[-1], ""
    if country and len(pieces) > 2 and region_code(city, country):
        city, region = pieces[-2], pieces[-1]
        pieces = pieces[:-1]
    return WholeAddress(_line(pieces[:-1], [], country), "", city, region, named)


def _regioned(words: list[str], country: str) -> tuple[str, str]:
    """(town, region): the last words may be a region by its code or name, and alone they are nothing else."""
    for count in range(min(4, len(words)), 0, -1):
        name = " ".join(words[-count:])
        plain = _BRACKETS.sub("", name)
        is_code = len(plain) <= 3 and plain.isupper()
        if (is_code or (count == len(words) or len(plain) > 3)) and region_code(plain, country):
            if count == len(words) and postal(country).code_first:
                break  # 28023 Madrid: the town, not the province
            return " ".join(words[:-count]).strip(" -"), name.strip(" -")
    return " ".join(words), ""


def _after_street(text: str, country: str) -> tuple[str, str]:
    """(street, town) of a line without a comma: the last word for a kind of street parts them."""
    words = text.split()
    kinds = kinds_of_street(country)
    for at in range(len(words) - 1, 0, -1):
        if words[at - 1].rstrip(".").casefold() in kinds and any(c.isdigit() for c in "".join(words[:at])):
            return " ".join(words[:at]), " ".join(words[at:])
    if any(c.isdigit() for c in text):
        return text, ""
    return "", text


def _line(pieces: list[str], rest: list[str], country: str | None) -> AddressParts:
    parts = split_address(", ".join(piece for piece in pieces if piece), country)
    extra = ", ".join(filter(None, (parts.extra, *rest)))
    return replace(parts, extra=extra)
