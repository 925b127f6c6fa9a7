from __future__ import annotations

import unicodedata

import pyarrow as pa
import pycountry
import pytest
from babel import Locale
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.clean import text
from pipelines.clean.text import clean_prose, clean_text, one_script, repaired
from tests.unit.clean.cleaners import build

PROSE = ("text", "region", "company_name", "person_name", "address_line", "city")
# Letters that wrong encodings are made of, those of two other scripts, and what cleaning removes.
ODD = st.text("aZ ,ÃÂÄüß¼©¤¶ŸœšžŽ€‚™\u0080\u009f\u00a0\u00ad\u200b\u0301оАҚхжΟΑωëéĂĹľđðà.", max_size=8)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("MÃ¼ller", "Müller"),
        ("MÃƒÂ¼ller", "Müller"),  # twice
        ("GrÃ¶ÃŸe", "Größe"),
        ("Citt\u00c3\u00a0 di Castello", "Città di Castello"),
        ("Gr\u00c3\u009fe", "Grße"),  # as ISO 8859-1, its second half a control character
        ("\u0093Foo\u0094", "“Foo”"),
        ("Müller SÃ¶hne", "Müller Söhne"),  # two files put together
        ("Größe", "Größe"),
        ("MÜLLER", "MÜLLER"),
        ("SÃO PAULO", "SÃO PAULO"),
        ("Đorđe Łoś", "Đorđe Łoś"),
        ("M\ufffdller", "M\ufffdller"),
        ("M?ller", "M?ller"),
        ("Ã", "Ã"),
    ],
)
def test_wrong_encodings_are_undone_where_that_is_beyond_doubt(given: str, expected: str) -> None:
    assert repaired(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("\u0410cme", "Acme"),
        ("COC\u0410", "COCA"),
        ("M\u0410X M\u00fcller", "MAX Müller"),
        ("\u041cO\u0421\u041a\u0412\u0410", "\u041c\u041e\u0421\u041a\u0412\u0410"),  # one Latin O in МОСКВА
        ("M\u0415\u03a4\u0391", "M\u0415\u03a4\u0391"),  # three scripts
        ("\u0410\u0412\u0421", "\u0410\u0412\u0421"),
        ("Ωmega", "Ωmega"),
        ("µm αMSH", "µm αMSH"),
        ("\u0422\u0415\u041d\u041aĔ", "\u0422\u0415\u041d\u041aĔ"),  # a letter of a language that lacks its own
        ("\u0410-Acme", "\u0410-Acme"),  # words, not texts
    ],
)
def test_words_of_two_scripts_become_words_of_one(given: str, expected: str) -> None:
    assert one_script(given) == expected


@settings(max_examples=400, deadline=None)
@example("Â \u043eľ\x80")  # its look-alike hides the wrong encoding
@given(ODD)
def test_prose_is_cleaned_once_and_as_its_steps_say(given: str) -> None:
    once = clean_prose(given)
    stepwise = given
    for _, step in text.PROSE_STEPS:
        stepwise = step(stepwise)
    assert once == stepwise
    assert clean_prose(once) == once
    assert unicodedata.is_normalized("NFC", once)


@settings(max_examples=400, deadline=None)
@given(st.lists(ODD, max_size=5), st.sampled_from(PROSE))
def test_the_fast_path_gives_what_the_scalar_function_gives(given: list[str], semantic: str) -> None:
    built = build(semantic)
    cells = pa.array([*given, "Ada", None], pa.string())
    expected = [None if cell is None else built.scalar(cell) for cell in cells.to_pylist()]
    assert built.clean(cells).values.to_pylist() == expected


def _real_names() -> list[str]:
    names = {place.name for place in pycountry.subdivisions} | {country.name for country in pycountry.countries}
    for code in ("de", "fr", "tr", "vi", "pl", "cs", "hu", "lt", "lv", "pt", "da", "ru", "el", "uk", "sr", "ja", "he"):
        names |= {str(name) for name in Locale.parse(code).territories.values()}
    return sorted(name for name in names if not name.isascii())


def test_no_real_name_is_taken_for_a_wrong_encoding() -> None:
    names = _real_names()
    assert len(names) > 3000
    assert [name for name in names if repaired(name) != name] == []
    assert [name.upper() for name in names if repaired(name.upper()) != name.upper()] == []


@pytest.mark.parametrize(("encoding", "share"), [("cp1252", 0.92), ("latin-1", 0.99)])
def test_names_read_in_a_wrong_encoding_come_back(encoding: str, share: float) -> None:
    pairs = []
    for name in _real_names():
        try:
            pairs.append((clean_text(name), name.encode().decode(encoding)))
        except UnicodeDecodeError:  # five bytes mean nothing in Windows-1252
            continue
    restored = [clean_prose(broken) == name for name, broken in pairs]
    assert len(restored) > 2000
    assert sum(restored) / len(restored) > share


def test_the_repair_is_told() -> None:
    assert build("company_name").explain("MÃ¼ller \u0410cme") == [
        ("wrong encoding repaired", "Müller \u0410cme"),
        ("look-alike letters of another script replaced", "Müller Acme"),
    ]
    assert build("identifier").explain("MÃ¼ller") == []
