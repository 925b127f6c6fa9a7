from __future__ import annotations

import pytest

from tests.unit.clean.cleaners import build, read


@pytest.mark.parametrize(
    ("locale", "yes", "no"),
    [
        ("en_US", "TRUE", "false"),
        ("en_US", "1", "0"),
        ("en_US", "Yes", "NO"),
        ("en_US", "y", "n"),
        ("en_US", "T", "F"),
        ("de_DE", "Ja", "Nein"),
        ("de_DE", "J", "N"),
        ("de_DE", "wahr", "FALSCH"),
        ("de_DE", "X", "no"),
        ("fr_FR", "oui", "non"),
        ("fr_FR", "vrai", "FAUX"),
        ("de_DE", "Opt-in", "OPT-OUT"),
        ("pl_PL", "TAK", "nie"),
        ("cs_CZ", "Ano", "ne"),
        ("fi_FI", "Kyllä", "E"),
        ("tr_TR", "evet", "HAYIR"),
        ("nb_NO", "ja", "nei"),
    ],
)
def test_yes_and_no(locale: str, yes: str, no: str) -> None:
    built = build("boolean", locale)
    assert (read(built, yes), read(built, no), read(built, " ")) == (True, False, None)


@pytest.mark.parametrize("text", ["-1", "2", "oui", "maybe", "1.0", "wahr nicht"])
def test_what_is_neither(text: str) -> None:
    assert read(build("boolean"), text) == "! unreadable: expected yes or no"
