"""Addresses in plain spelling, so that two spellings of one address are one text. For comparing, never for showing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii

from pipelines.clean.address_split import AddressParts, split_address
from pipelines.clean.address_words import DIRECTIONS, GLUED, STREETS

_APOSTROPHE = re.compile(r"['’`´]")
_NO_WORD = re.compile(r"[^a-z0-9]+")
_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")
_ENGLISH = ("AU", "CA", "GB", "IE", "IN", "MY", "NZ", "SG", "US", "ZA")
_KIND_FIRST = frozenset(
    {"FR", "BE", "LU", "MC", "IT", "PL", "CZ", "SK", "PT", "BR"}
    | {"AR", "BO", "CL", "CO", "CR", "EC", "ES", "MX", "PE", "PY", "UY", "VE"}
)
_DIGRAPHS = {  # one letter or two: Müller and Mueller, Århus and Aarhus
    **dict.fromkeys(("AT", "CH", "DE", "LI"), re.compile(r"(?<![aeou])(?:ae+|oe+|(?<!q)ue+)")),
    **dict.fromkeys(("DK", "FI", "NO", "SE"), re.compile(r"a[ae]+|oe+")),
}
_NO_NAMES = frozenset(
    {"apartment", "appartement", "apt", "apmnt", "apmt", "app", "appt", "flat", "unit", "suite", "ste", "room", "rm"}
    | {"shop", "office", "no", "nr", "number", "wohnung", "whg", "top", "lgh", "lok", "lokal", "m", "apto", "dpto"}
    | {"depto", "departamento", "int", "interno"}
)
_FLOORS = frozenset(
    {"floor", "flr", "fl", "level", "lvl", "og", "stock", "etage", "obergeschoss", "stockwerk", "piso", "planta"}
    | {"andar", "piano", "sal"}
)
_ORDINAL = re.compile(r"([0-9]+)(?:st|nd|rd|th|er|eme)")
_ORDINAL_SIGNS = re.compile("[º°ª]")


def plain_text(text: str, country: str | None = None) -> str:
    """Words of small plain letters and digits: "King's Way" → 'kings way', 'Åkergatan' → 'akergatan'.

    Other scripts are written in Latin letters. Where the country writes one letter as two, the second is dropped.

    >>> plain_text("Münchner Straße", "DE"), plain_text("Muenchner Strasse", "DE")
    ('munchner strasse', 'munchner strasse')
    """
    text = text if text.isascii() else anyascii(text.replace("’", "'"))
    words = _NO_WORD.sub(" ", _APOSTROPHE.sub("", text).lower()).strip()
    digraphs = _DIGRAPHS.get(country or "")
    return digraphs.sub(lambda pair: pair[0][0], words) if digraphs else words


@lru_cache(maxsize=131_072)
def plain_street(text: str, country: str | None = None) -> str:
    """A street with the kind of it spelled out: 'Hanover Sq.' → 'hanover square', 'S Grady Wy' → 'south grady way'.

    'Berliner Str.' and 'Berlinerstraße' become one word; 'ul.' says nothing in Polish. 'St.' is a street at the end
    and a saint elsewhere.

    >>> plain_street("C/ Araquil", "ES"), plain_street("St. John's St", "GB"), plain_street("Obere Str.", "DE")
    ('calle araquil', 'saint johns street', 'oberestrasse')
    """
    known = _spelling(country)
    words = [word for word in plain_text(text, country).split() if word not in known.idle]
    if not words:
        return ""
    end = len(words) - 1
    if known.directions and end > 0:
        words[0] = DIRECTIONS.get(words[0], words[0])
        words[end] = DIRECTIONS.get(words[end], words[end])
        end -= words[end] in known.compass and end > 1
    place = 0 if known.kind_first else end
    out: list[str] = []
    for i, word in enumerate(words):
        full = known.at_place.get(word) if i == place and len(words) > 1 else None
        full = full or known.anywhere.get(word, word)
        for kind, short in known.glued:
            if full == kind and out:
                full = out.pop() + kind
            elif short and full.endswith(short) and len(full) > len(short) + 2:
                full = full.removesuffix(short) + kind
        out.append(full)
    return " ".join(out)


def short_street(text: str, country: str | None = None) -> str:
    """The same with the kind of street as short as can be: what two streets are called then counts for more.

    >>> short_street("Giblin Street", "AU"), short_street("Goethestr.", "DE"), short_street("Av. de la Paix", "FR")
    ('giblin st', 'gothestr', 'av de la paix')
    """
    known = _spelling(country)
    words = [known.short.get(word, word) for word in plain_street(text, country).split()]
    for kind, short in known.glued:
        words = [word.removesuffix(kind) + short if short and word.endswith(kind) else word for word in words]
    return " ".join(words)


@lru_cache(maxsize=16_384)
def plain_house_number(text: str) -> str:
    """A house number without blanks, zeros before it and capital letters: '12 A' → '12a', '0012-14' → '12-14'.

    >>> plain_house_number("12 A"), plain_house_number("12 – 14"), plain_house_number("12.890")
    ('12a', '12-14', '12890')
    """
    text = re.sub(r"(?<=\d)\.(?=\d{3}(?!\d))", "", text)
    return _ZEROS.sub("", re.sub(r"[^a-z0-9]+", "-", _closed(text)).strip("-"))


def _closed(text: str) -> str:
    """Blanks go where they part no two numbers."""
    text = text if text.isascii() else anyascii(text)
    return re.sub(r"(?<![0-9]) +| +(?![0-9])", "", text.lower())


@lru_cache(maxsize=16_384)
def plain_unit(text: str, country: str | None = None) -> str:
    """A flat, floor or suite without the word for it: 'Apt. 5', 'Flat 5' and '#5' → '5', '2nd Floor' → '2 floor'.

    >>> plain_unit("Suite #402"), plain_unit("Level 2"), plain_unit("2. OG links", "DE")
    ('402', '2 floor', '2 floor links')
    """
    plain = plain_text(_ORDINAL_SIGNS.sub(" ", text), country)
    words = [found[1] if (found := _ORDINAL.fullmatch(w)) else w for w in plain.split() if w not in _NO_NAMES]
    floor = next((i for i, word in enumerate(words) if word in _FLOORS), None)
    if floor is not None:
        words[floor] = "floor"
        numbered = floor > 0 and words[floor - 1].isdigit()
        if not numbered and floor + 1 < len(words) and words[floor + 1].isdigit():
            words[floor], words[floor + 1] = words[floor + 1], words[floor]
    return " ".join(words)


def plain_parts(parts: AddressParts, country: str | None = None) -> AddressParts:
    """Every part in plain spelling."""
    box = "".join(c for c in parts.post_box if c.isdigit())
    return AddressParts(
        plain_street(parts.street, country),
        plain_house_number(parts.house_number),
        plain_unit(parts.unit, country),
        f"box {box}" if box else plain_text(parts.post_box, country),
        plain_text(parts.extra, country),
    )


def plain_address(text: str, country: str | None = None) -> str:
    """One line of an address in plain spelling: street, number, unit, post box, rest, whatever the order was.

    >>> plain_address("Apt. 5, 12 High St", "GB") == plain_address("12, HIGH STREET, FLAT 5", "GB")
    True
    >>> plain_address("Berliner Straße 12 a", "DE"), plain_address("Postfach 12 34", "DE")
    ('berlinerstrasse 12a', 'box 1234')
    """
    p = plain_parts(split_address(text, country), country)
    return " ".join(filter(None, (p.street, p.house_number, p.unit, p.post_box, p.extra)))


@dataclass(frozen=True)
class _Spelling:
    """How a country abbreviates: what a word stands for anywhere, and at the place of the kind of street; and what is
    short for a kind."""

    anywhere: dict[str, str]
    at_place: dict[str, str]
    short: dict[str, str]
    kind_first: bool
    directions: bool
    compass: frozenset[str]
    glued: tuple[tuple[str, str], ...]
    idle: frozenset[str]


@lru_cache(maxsize=512)
def _spelling(country: str | None) -> _Spelling:
    meant: dict[str, set[str]] = {}
    for countries, table in STREETS.items():
        if country is None or country in countries:
            for kind, words in table.items():
                for word in (kind, *words.split()):
                    meant.setdefault(plain_text(word, country), set()).add(plain_text(kind, country))
    english = country is None or country in _ENGLISH
    clear = {word: kinds.pop() for word, kinds in meant.items() if len(kinds) == 1}
    # Two letters may be anything within a name: Dr., St., La
    at_place = {word: kind for word, kind in clear.items() if len(word) <= 2}
    anywhere = {word: kind for word, kind in clear.items() if len(word) > 2}
    if english:
        at_place.setdefault("st", "street")
        anywhere |= {"st": "saint", "mt": "mount"}
    short: dict[str, str] = {}
    for word, kind in sorted([*anywhere.items(), *at_place.items()], key=lambda pair: (len(pair[0]), pair[0])):
        short.setdefault(kind, word)
    kinds = GLUED.get(country, ()) if country else sorted({kind for kinds in GLUED.values() for kind in kinds})
    glued = [plain_text(kind, country) for kind in kinds]
    return _Spelling(
        anywhere,
        at_place,
        short,
        country in _KIND_FIRST,
        english,
        frozenset(DIRECTIONS.values()),
        tuple((kind, "str" if kind in ("strasse", "straat") else "") for kind in glued),
        frozenset({"ulica", "ul", "ulice"} if country in ("CZ", "PL", "SK") else ()),
    )
