"""A seeded generator of dirt: what happens to names and addresses on their way from a form to a file.

`of_text` gives one cell with one kind of dirt. Harmless dirt says the same in another way; the other kinds lose
something for good, and no formatter may pretend to know what.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from pipelines.clean.address_split import split_address
from pipelines.clean.address_words import NUMBER_FIRST, STREETS
from pipelines.settings import ROOT

SAMPLES: Path = ROOT / "tests" / "samples" / "dirt"
_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890")
_OCR = (("rn", "m"), ("m", "rn"), ("0", "O"), ("O", "0"), ("1", "l"), ("l", "1"), ("5", "S"), ("cl", "d"), ("B", "8"))
PAGES = (
    ("utf-8", "cp437"), ("utf-8", "cp850"), ("utf-8", "mac_roman"), ("utf-8", "cp1250"), ("utf-8", "cp1251"),
    ("utf-8", "latin-1"), ("utf-8", "cp1252"), ("cp850", "cp1252"), ("cp1252", "cp850"), ("mac_roman", "cp1252"),
    ("cp1250", "cp1252"), ("cp1251", "cp1252"),
)  # fmt: skip
"""How a text was written and how it was read."""
_TWINS = str.maketrans("aeopcxAEKMHOPCTX", "аеорсхАЕКМНОРСТХ")


@dataclass(frozen=True)
class Address:
    """One address of the samples."""

    country: str
    line: str
    line_2: str
    city: str
    region: str
    postal_code: str


@lru_cache
def addresses() -> tuple[Address, ...]:
    """Real addresses of public sets, see PROVENANCE.txt."""
    with (SAMPLES / "addresses.csv").open(encoding="utf-8", newline="") as file:
        columns = ("country_code", "address_line_1", "address_line_2", "city", "region_code", "postal_code")
        return tuple(Address(*(row[name] for name in columns)) for row in csv.DictReader(file))


@lru_cache
def names(kind: str) -> tuple[str, ...]:
    """Names of persons or companies of public sets."""
    with (SAMPLES / "names.csv").open(encoding="utf-8", newline="") as file:
        return tuple(r["name"] for r in csv.DictReader(file) if r["kind"] == kind)


def typo(rng: random.Random, text: str) -> str:
    """One letter left out, doubled, hit beside, or two of them in the wrong order."""
    at = rng.randrange(len(text))
    letter, way = text[at], rng.randrange(4)
    if way == 0:
        return text[:at] + text[at + 1 :]
    if way == 1:
        return text[:at] + letter + text[at:]
    if way == 2:
        return text[:at] + text[at : at + 2][::-1] + text[at + 2 :]
    row = next((row for row in _KEYBOARD if letter.lower() in row), letter)
    return text[:at] + row[(row.find(letter.lower()) + 1) % len(row)] + text[at + 1 :]


def misread(rng: random.Random, text: str) -> str:
    """What text recognition makes of print: 0 for O, rn for m."""
    possible = [pair for pair in _OCR if pair[0] in text]
    seen, read = rng.choice(possible) if possible else ("", "")
    return text.replace(seen, read, 1) if seen else text


def reread(rng: random.Random, text: str) -> str:
    """UTF-8 that was read as Windows-1252, once or twice."""
    for _ in range(rng.choice((1, 1, 2))):
        try:
            text = text.encode().decode("cp1252")
        except UnicodeDecodeError:
            return text
    return text


def misencoded(rng: random.Random, text: str) -> str:
    """UTF-8 that was read in the code page of a console, of a Mac or of Central Europe, or such a page in another."""
    pages = rng.choice(PAGES)
    try:
        return text.encode(pages[0]).decode(pages[1])
    except UnicodeError:
        return text


def lost(rng: random.Random, text: str) -> str:
    """Letters that the code page did not have."""
    return (
        text.encode("ascii", "replace").decode() if rng.random() < 0.5 else "".join("�" if c > "~" else c for c in text)
    )


def spaced(rng: random.Random, text: str) -> str:
    """Blanks doubled, at the ends, of another kind; marks that nobody sees; separators of empty parts."""
    out = "".join(rng.choice((" ", "  ", "\u00a0", " \u200b", "\t")) if c == " " else c for c in text)
    return rng.choice(("", " ", "\ufeff")) + out + rng.choice(("", "  ", "\u00ad"))


def cased(rng: random.Random, text: str) -> str:
    """All capital or all small letters."""
    return text.upper() if rng.random() < 0.5 else text.lower()


def twins(rng: random.Random, text: str) -> str:
    """Some letters of one word typed on a Cyrillic keyboard."""
    words = text.split(" ")
    at = rng.randrange(len(words))
    word = words[at]
    if len(word) > 3 and word.isascii():
        words[at] = word[:1].translate(_TWINS) + word[1:]
    return " ".join(words)


def abbreviated(_: random.Random, text: str, country: str) -> str:
    """The kind of street written short, or in full, where the country has one clear way."""
    table = next((words for countries, words in STREETS.items() if country in countries), {})
    short = {kind: words.split()[0] for kind, words in table.items() if words}
    taken = [form for words in table.values() for form in words.split()]
    out = []
    for word in text.split(" "):
        form = short.get(word.casefold(), "")
        out.append(form.capitalize() + "." if len(form) > 2 and taken.count(form) == 1 else word)
    return " ".join(out)


def moved(_: random.Random, address: Address) -> Address:
    """The house number on the other side of the street, or the second line in the first one."""
    parts = split_address(address.line, address.country)
    words = f"{parts.street} {parts.house_number}".split()
    if parts.street and parts.house_number and sorted(words) == sorted(address.line.replace(",", " ").split()):
        number_first = address.country in NUMBER_FIRST
        pair = (parts.street, parts.house_number) if number_first else (parts.house_number, parts.street)
        return replace(address, line=" ".join(pair))
    return replace(address, line=f"{address.line}, {address.line_2}".strip(", "), line_2="")


def shifted(_: random.Random, address: Address) -> Address:
    """Each field one column to the right, as when a blank cell got lost; the last one comes first."""
    return Address(address.country, address.postal_code, address.line, address.line_2, address.city, address.region)


def swapped(_: random.Random, text: str) -> str:
    """Family name first, behind a comma the others."""
    *given, family = text.split(" ")
    return f"{family}, {' '.join(given)}" if given else text


HARMLESS: dict[str, Callable[[random.Random, str], str]] = {
    "spaced": spaced, "cased": cased, "reread": reread, "twins": twins,
}  # fmt: skip
HARMFUL: dict[str, Callable[[random.Random, str], str]] = {
    "typo": typo, "misread": misread, "lost": lost, "misencoded": misencoded,
}  # fmt: skip
KINDS = HARMLESS | HARMFUL


def of_text(rng: random.Random, text: str, kinds: int = 1) -> str:
    """A text with so many kinds of dirt on it, one upon the other; fewer where no more kinds can do anything to it."""
    for kind in rng.sample(sorted(KINDS), len(KINDS)):
        soiled = KINDS[kind](rng, text) if text and kinds else text
        kinds -= soiled != text
        text = soiled
    return text
