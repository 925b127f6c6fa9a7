"""Parts of an address line: street, house number, unit, post box."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from pipelines.clean.address_words import NUMBER_FIRST, POST_BOXES, ROAD_NUMBERS, STREETS, UNITS, of_country

_EDGES = " ,;"
# 12, 12a, 12-14, 12a-c, 12/14, 12 bis, 12 1/2; with a blank before the letter where nothing follows the number
_MORE = r"(?: ?[-–/+&] ?(?:\d{1,6}[A-Za-z]?|[A-Za-z])(?!\w))*"
_WORDS = r"(?: ?(?:bis|ter|quater)\b)?"
_NUMBER = re.compile(rf"\d{{1,6}}(?: ?[A-Za-z](?!\w))?{_MORE}{_WORDS}")
_LEADING = re.compile(
    rf"(?:(?:no|nr)\.? ?|n[º°] ?)?(?P<number>\d{{1,6}}(?:[A-Za-z](?!\w)|(?!\w)){_MORE}{_WORDS}(?: ?½| 1/2\b)?)"
    r"(?![.ºª°])(?: ?[-,] | ?, ?| |-(?=[^\W\d_]{3}))(?P<street>.*[^\W\d_].*)"
)
_TRAILING = re.compile(
    r"(?:[ ,]+|(?<=[^\W\d_]\.)|(?<=str)|(?<=straße)|(?<=strasse)|(?<=weg))"
    r"(?:(?:no|nr|num|n|c)\b[.:]* ?|(?:д|дом|буд|будинок)\b[.:]* ?|n[º°]\.? ?|# ?)?"
    rf"(?P<number>(?:\d{{1,2}}\.\d{{3}}|\d{{1,6}})(?: ?[A-Za-z](?!\w)|(?!\w)){_MORE}{_WORDS}|s/n)\.?\Z",
    re.IGNORECASE,
)
_LETTER = re.compile(r"[^\W\d_]")
_SHORT_FORM = re.compile(r"[^\W\d_]{1,5}\.")  # no street: a word for a flat that we do not know
_INSIDE = re.compile(
    r"(?P<before>.*[^\W\d_].*?)[ ,]+(?P<number>\d{1,6}(?:[A-Za-z](?!\w)|(?!\w))"
    + _MORE
    + r")[ ,]+(?P<after>[^\W\d_].*)"
)
_MARKED = re.compile(r"(?P<street>.*[^\W\d_].*?)[ ,]+# ?(?P<number>\d{1,6}[A-Za-z]?" + _MORE + r")[ ,]+(?P<after>.+)")
_UNIT_BEFORE = {  # unit and house number as one: 2/98 in Australia, 5-123 in Canada
    "AU": re.compile(r"(?P<unit>[A-Za-z]?\d{1,5}[A-Za-z]?) ?/ ?(?P<rest>\d.*)"),
    "NZ": re.compile(r"(?P<unit>[A-Za-z]?\d{1,5}[A-Za-z]?) ?/ ?(?P<rest>\d.*)"),
    "CA": re.compile(r"(?P<unit>#? ?\d{1,5}[A-Za-z]?) ?- ?(?P<rest>\d{1,6}[A-Za-z]? .*)"),
}
_UNIT_BEHIND = {  # 12/3/45 in Austria: house, stair, door; 68/5 in Poland: house, flat; 5 A 12 in Finland
    "AT": re.compile(r"(?P<rest>.*[ ,.]\d{1,5}[A-Za-z]?) ?/ ?(?P<unit>\d[\w/-]*)"),
    "PL": re.compile(r"(?P<rest>.*[ ,.]\d{1,5}[A-Za-z]?) ?/ ?(?P<unit>\d{1,5}[A-Za-z]?)"),
    "FI": re.compile(r"(?P<rest>.*[ ,.]\d{1,5}) (?P<unit>(?:as\.? ?\d{1,4}|[A-Z] ?\d{1,4}))"),
}


@dataclass(frozen=True)
class AddressParts:
    """What a line of an address names; '' where it does not. `extra` is what is none of the others: a building, a
    district, somebody in whose care a letter is given.
    """

    street: str = ""
    house_number: str = ""
    unit: str = ""
    post_box: str = ""
    extra: str = ""


def split_address(text: str, country: str | None = None) -> AddressParts:
    """Street, house number, unit and post box of one line of an address.

    The source writes them in one cell, in the order of the country: 'Obere Str. 57' (DE), '87 Polk St. Suite 5' (US),
    '2/98 Main Rd' (AU), 'C/ Araquil, 67' (ES), 'Postfach 12 34' (DE). Every part is as typed: nothing is spelled out,
    and nothing is added. A line that does not show what is what stays a street as a whole. Nothing is rejected.
    Country is ISO 3166-1 alpha-2; where it is not known the number may stand at either end.

    >>> split_address("87 Polk St. Suite 5", "US")
    AddressParts(street='Polk St.', house_number='87', unit='Suite 5', post_box='', extra='')
    >>> split_address("Hauptstraße 12 a, 2. OG links", "DE")
    AddressParts(street='Hauptstraße', house_number='12 a', unit='2. OG links', post_box='', extra='')
    """
    line = " ".join(text.split()).strip(_EDGES)
    boxes, line = _taken(_boxes(country), line)
    first, line = _joined(_UNIT_BEFORE, line, country)
    units, line = _taken(_units(country), line)
    second, line = _joined(_UNIT_BEHIND, line, country)
    street, number, before, extra = _numbered(line, country)
    if not number and (boxes or units) and ", " in street:  # something stood between the two
        street, extra = _street_first(street.split(", "), country)
    unit = ", ".join(filter(None, (before, *first, *second, *units)))
    return AddressParts(street, number, unit, ", ".join(boxes), extra)


@lru_cache(maxsize=512)
def _boxes(country: str | None) -> re.Pattern[str]:
    return _any_of(of_country(POST_BOXES, country))


@lru_cache(maxsize=512)
def _units(country: str | None) -> re.Pattern[str]:
    return _any_of(of_country(UNITS, country))


def _any_of(patterns: list[str]) -> re.Pattern[str]:
    return re.compile(r"(?<![\w'’-])(?:" + "|".join(patterns) + ")", re.IGNORECASE)


def _taken(pattern: re.Pattern[str], line: str) -> tuple[list[str], str]:
    """What the pattern finds, and the line without it: a comma stands where it was."""
    found = [m[0].strip(_EDGES) for m in pattern.finditer(line)]
    if not found:
        return [], line
    pieces = (piece.strip(_EDGES) for piece in pattern.sub(",", line).split(","))
    return found, ", ".join(filter(None, pieces))


def _joined(forms: Mapping[str, re.Pattern[str]], line: str, country: str | None) -> tuple[list[str], str]:
    """A unit that is written as one with the house number."""
    found = forms[country].fullmatch(line) if country is not None and country in forms else None
    return ([found["unit"]], found["rest"].strip(_EDGES)) if found else ([], line)


def _numbered(line: str, country: str | None) -> tuple[str, str, str, str]:
    """(street, house number, what stands before both, the rest)."""
    if _NUMBER.fullmatch(line):
        return "", line, "", ""
    if country in NUMBER_FIRST:
        found = _leading(line) or _inside(line, country) or _trailing(line)
    elif country is None:
        found = _leading(line) or _trailing(line) or _inside(line, country)
    else:
        found = _trailing(line) or _marked(line) or _leading(line)
    return found or (line, "", "", "")


def _leading(line: str) -> tuple[str, str, str, str] | None:
    """12 High St; behind a comma too: Garden House, 12 High St."""
    pieces = line.split(", ")
    for i in range(len(pieces)):
        found = _LEADING.fullmatch(", ".join(pieces[i:]))
        if found:
            street, _, extra = found["street"].partition(", ")
            return street.strip(_EDGES), found["number"], ", ".join(pieces[:i]), extra.strip(_EDGES)
    return None


def _trailing(line: str) -> tuple[str, str, str, str] | None:
    """Obere Str. 57; before a comma too: Obere Str. 57, Gewerbepark."""
    pieces = line.split(", ")
    for i in range(len(pieces), 0, -1):
        part = ", ".join(pieces[:i])
        found = _TRAILING.search(part)
        if found and _LETTER.search(part, 0, found.start()) and not _names_road(part[: found.start()]):
            before, _, street = part[: found.start()].strip(_EDGES).rpartition(", ")
            if before and _SHORT_FORM.fullmatch(street):
                continue
            return street, found["number"], before, ", ".join(pieces[i:])
    return None


def _marked(line: str) -> tuple[str, str, str, str] | None:
    """Carrera 52 #65-98 Llano Largo."""
    found = _MARKED.fullmatch(line)
    return (found["street"].strip(_EDGES), found["number"], "", found["after"].strip(_EDGES)) if found else None


def _inside(line: str, country: str | None) -> tuple[str, str, str, str] | None:
    """A number between words: Plaza 516 Main St., Berkeley Gardens 12 Brewery. The kind of street tells which is it."""
    found = _INSIDE.fullmatch(line)
    if not found or _names_road(found["before"]):
        return None
    before, after = found["before"].strip(_EDGES), found["after"].strip(_EDGES)
    if _is_kind(after.split()[-1], country):
        return after, found["number"], before, ""
    if _is_kind(before.split()[-1], country):
        return before, found["number"], "", after
    return None


def _street_first(pieces: list[str], country: str | None) -> tuple[str, str]:
    """(street, the rest): the last piece where its last word is a kind of street, else the first."""
    if _is_kind(pieces[-1].split()[-1], country):
        return pieces[-1], ", ".join(pieces[:-1])
    return pieces[0], ", ".join(pieces[1:])


def _names_road(street: str) -> bool:
    return street.strip(_EDGES).split()[-1].rstrip(".").casefold() in ROAD_NUMBERS


def _is_kind(word: str, country: str | None) -> bool:
    return word.rstrip(".,").casefold() in kinds_of_street(country)


@lru_cache(maxsize=512)
def kinds_of_street(country: str | None) -> frozenset[str]:
    """Every word for a kind of street in a country, spelled out or not, in plain letters."""
    tables = [words for countries, words in STREETS.items() if country is None or country in countries]
    return frozenset(w for words in tables for kind, short in words.items() for w in (kind, *short.split()))
