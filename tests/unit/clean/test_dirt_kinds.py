"""Each kind of dirt by itself over every field of real addresses: what a formatter does with it, and that a formatter
which loses, guesses or never comes to rest would be found."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from anyascii import anyascii

from pipelines.clean import text as texts
from pipelines.clean.column import CellError, Value, canonical
from tests.unit.clean import dirt
from tests.unit.clean.cleaners import build

SEED = 20_260_201
FIELDS = {
    "line": "address_line", "line_2": "address_line", "city": "city", "region": "region_code",
    "postal_code": "postal_code",
}  # fmt: skip
Read = Callable[[str, str | None], Value | None]
Soil = Callable[[random.Random, dirt.Address], dirt.Address]


def each_field(soil: Callable[[random.Random, str], str]) -> Soil:
    def soiled(rng: random.Random, address: dirt.Address) -> dirt.Address:
        given = {field: getattr(address, field) for field in FIELDS}
        return replace(address, **{field: soil(rng, text) for field, text in given.items() if text})

    return soiled


def abbreviated(rng: random.Random, address: dirt.Address) -> dirt.Address:
    return replace(address, line=dirt.abbreviated(rng, address.line, address.country))


KINDS: dict[str, Soil] = {
    "typos": each_field(dirt.typo),
    "words swapped": each_field(dirt.swapped),
    "abbreviations": abbreviated,
    "text recognition": each_field(dirt.misread),
    "UTF-8 in Windows' Latin": each_field(dirt.reread),
    "other code pages": each_field(dirt.misencoded),
    "letters lost": each_field(dirt.lost),
    "blanks": each_field(dirt.spaced),
    "capitals": each_field(dirt.cased),
    "letters of another script": each_field(dirt.twins),
    "house number moved": dirt.moved,
    "fields moved": dirt.shifted,
}


def letters(text: str) -> Counter[str]:
    return Counter(c for c in anyascii(text).lower() if c.isalnum()) + Counter("�" * text.count("�"))


def readers() -> dict[str, Read]:
    return {field: build(semantic, locale="en_GB").scalar for field, semantic in FIELDS.items()}


def faults(kind: str, read: dict[str, Read]) -> Counter[str]:
    """What the readers of the fields do wrong on one kind of dirt, counted."""
    rng, found = random.Random(SEED), Counter[str]()
    for address in dirt.addresses():
        dirty = KINDS[kind](rng, address)
        for field in FIELDS:
            text = getattr(dirty, field)
            try:
                value = read[field](text, address.country)
            except CellError:
                found["refused"] += field != "postal_code"  # a code that is none is told, all else is kept
                continue
            found["not at rest"] += value is not None and read[field](str(value), address.country) != value
            if field == "region_code":
                continue
            undone = texts.one_script(texts.repaired(text))
            told, given = letters(str(value or "")), letters(undone)
            found["invented"] += field != "region" and bool(told - given)
            found["lost"] += field in ("line", "line_2", "city") and bool(given - told)
    return +found


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost_or_invented_and_once_is_enough(kind: str) -> None:
    rng = random.Random(SEED)
    assert any(KINDS[kind](rng, address) != address for address in dirt.addresses())
    assert faults(kind, readers()) == {}


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_changed_is_told_from_the_text_received_on(kind: str) -> None:
    """The archive keeps the file; explaining the cell leads from its text to the value, step by step."""
    rng = random.Random(SEED)
    for address in dirt.addresses():
        dirty = KINDS[kind](rng, address)
        for field, semantic in FIELDS.items():
            cleaner, text = build(semantic, locale="en_GB"), getattr(dirty, field)
            try:
                value = cleaner.scalar(text, address.country)
            except CellError:
                continue
            steps = cleaner.explain(text, address.country)
            assert (steps[-1][1] if steps else text) == canonical(value)


BROKEN: dict[str, tuple[str, Callable[[str], str]]] = {
    "leaves out what stands behind a comma": ("lost", lambda t: t.split(",")[0]),
    "drops letters it does not know": ("lost", lambda t: t.replace("�", "")),
    "drops what is not ASCII": ("lost", lambda t: t.encode("ascii", "ignore").decode()),
    "spells kinds of streets out": ("invented", lambda t: t.replace("St", "Street")),
    "guesses a lost letter": ("invented", lambda t: t.replace("�", "e")),
    "takes a letter for a digit": ("invented", lambda t: t.replace("O", "0")),
    "adds what it thinks is missing": ("invented", lambda t: f"{t} 1" if t.isalpha() else t),
    "cuts one letter each time": ("not at rest", lambda t: t[:-1] if len(t) > 3 else t),
    "turns words round each time": ("not at rest", lambda t: " ".join(t.split(" ")[::-1])),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_formatter_is_found(broken: str) -> None:
    fault, spoil = BROKEN[broken]
    sound = readers()

    def spoiled(text: str, country: str | None) -> Value | None:
        value = sound["line"](text, country)
        return spoil(str(value)) if value is not None else None

    found = sum((faults(kind, sound | {"line": spoiled}) for kind in KINDS), Counter())
    assert found[fault] > 0


@pytest.mark.parametrize(
    ("pages", "least"),
    [(("utf-8", "cp1252"), 0.95), (("utf-8", "latin-1"), 0.99), (("utf-8", "cp850"), 0.8), (("utf-8", "cp437"), 0.7),
     (("utf-8", "mac_roman"), 0.8), (("utf-8", "cp1250"), 0.5), *((pages, 0.0) for pages in dirt.PAGES)],
)  # fmt: skip
def test_a_wrong_encoding_is_undone_or_left_alone(pages: tuple[str, str], least: float) -> None:
    """Nothing third: no letter that was in neither."""
    whole = {a.line for a in dirt.addresses()} | {a.city for a in dirt.addresses()} | {*dirt.names("company")}
    judged = undone = 0
    for text in sorted(t for t in whole if not t.isascii()):
        try:
            dirty = text.encode(pages[0]).decode(pages[1])
        except UnicodeError:
            continue
        found = texts.repaired(dirty)
        assert found in (text, dirty)
        judged += 1
        undone += found == text
    assert judged > 0 or pages[0] == "cp1251"
    assert undone >= least * judged, (undone, judged)


@pytest.mark.parametrize(
    "text", ["Heli S��waren", "Tradi��o", "M�ller", "S\x1a\x1awaren", "Heli SŸ§waren", "┼á┼Ñastn├¢"]
)
def test_letters_that_are_lost_stay_lost(text: str) -> None:
    found = texts.repaired(text)
    assert found in (text, "Šťastný")
    assert texts.clean_prose(text).count("�") == text.count("�")
