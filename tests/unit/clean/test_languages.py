from __future__ import annotations

import pycountry
import pytest

from tests.unit.clean.cleaners import build, read

_NONE = "! unreadable: expected a language: ISO 639 code or name"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("de", "de"),
        ("DE", "de"),
        ("de-AT", "de"),
        ("zh_Hant_TW", "zh"),
        ("ger", "de"),
        ("deu", "de"),
        ("German", "de"),
        ("Deutsch", "de"),
        ("ENGLISCH", "en"),
        ("français", "fr"),
        ("Norwegisch (Bokmål)", "nb"),
        ("Svenska", "sv"),
        ("nds", "nds"),
        ("gsw", "gsw"),
        ("D", _NONE),
        ("US", _NONE),
        ("xx-YY", _NONE),
        ("de/fr", _NONE),
        ("und", _NONE),
        ("allemand", _NONE),  # a word of another language than the locale's
        ("", None),
    ],
)
def test_languages(text: str, expected: str | None) -> None:
    assert read(build("language"), text) == expected


def test_names_in_the_language_of_the_client() -> None:
    assert read(build("language", "fr_FR"), "allemand") == "de"
    assert read(build("language", "de_DE", mapped={"D": "de"}), "D") == "de"


def test_every_code_of_two_letters_is_kept() -> None:
    built = build("language", "en_GB")
    codes = [language.alpha_2 for language in pycountry.languages if hasattr(language, "alpha_2")]
    assert len(codes) > 180
    assert [read(built, code.upper()) for code in codes] == codes
