from __future__ import annotations

import pytest

from pipelines.errors import DeclarationError
from tests.unit.clean.cleaners import build, read


def test_codes_of_the_contract() -> None:
    status = build("code")
    assert read(status, "open") == "open"
    assert read(status, " OPEN ") == "open"
    assert read(status, "") is None
    assert read(status, "paid") == "! unknown_code: expected one of open, settled"


def test_the_code_map_of_the_client() -> None:
    status = build("code", mapped={"O": "open", "A": "settled"})
    assert [read(status, text) for text in ("O", "o", " a ", "")] == ["open", "open", "settled", None]
    assert read(status, "X") == "! unknown_code: expected one of O, A"
    assert read(status, "open") == "! unknown_code: expected one of O, A", "the map says what the client writes"


def test_letters_that_differ_in_case_only_are_told_apart() -> None:
    status = build("code", mapped={"a": "open", "A": "settled", "B": "open"})
    assert [read(status, text) for text in ("a", "A", "b")] == ["open", "settled", "open"]


def test_other_stands_for_unnamed_texts_but_not_for_nothing() -> None:
    status = build("code", mapped={"O": "open"}, other="settled")
    assert [read(status, text) for text in ("O", "anything", "")] == ["open", "settled", None]
    assert read(build("code", mapped={"": "open", "A": "settled"}), " ") == "open"


def test_a_code_the_contract_does_not_have_is_an_error_of_the_profile() -> None:
    with pytest.raises(DeclarationError, match="code map of column it"):
        build("code", mapped={"O": "opened"})
    with pytest.raises(DeclarationError, match="code map of column it"):
        build("code", mapped={"O": "open"}, other="closed")


def test_any_type_can_be_mapped_and_is_then_read() -> None:
    assert read(build("country", mapped={"Swaziland (old)": "SZ"}), "swaziland (old)") == "SZ"
    assert read(build("boolean", mapped={"aktiv": "true", "inaktiv": "false"}), "inaktiv") is False
    assert read(build("text", mapped={"V": "Value Added"}), "V") == "Value Added"
    assert read(build("identifier", mapped={"7": "0007"}), "8") == "! unknown_code: expected one of 7"


def test_identifiers_stay_as_typed() -> None:
    account = build("identifier")
    assert [read(account, t) for t in (" 00170 ", "ab/C-1", "1  2", "")] == ["00170", "ab/C-1", "1  2", None]
    assert read(account, "12E4") == "12E4"
    assert str(read(account, "1.23457E+11")).startswith("! unreadable: expected an identifier; the exponent form")
    assert str(read(account, "1,2E+05")).startswith("! unreadable")


@pytest.mark.parametrize(
    ("locale", "text", "expected"),
    [
        ("de_DE", "EUR", "EUR"),
        ("de_DE", "eur", "EUR"),
        ("de_DE", "€", "EUR"),
        ("sv_SE", "kr", "SEK"),
        ("en_US", "$", "USD"),
        ("de_DE", "$", "USD"),
        ("en_CA", "$", "CAD"),
        ("en_GB", "US$", "USD"),
        ("en_GB", "£", "GBP"),
        ("zh_CN", "¥", "CNY"),
        ("de_DE", "DEM", "DEM"),
        ("hr_HR", "hrk", "HRK"),
    ],
)
def test_currencies(locale: str, text: str, expected: str) -> None:
    assert read(build("currency", locale), text) == expected


@pytest.mark.parametrize(
    ("locale", "text"),
    [("en_GB", "$"), ("de_DE", "kr"), ("de_DE", "DMX"), ("de_DE", "CNH"), ("de_DE", "XXX"), ("de_DE", "Euro")],
)
def test_what_is_not_one_currency(locale: str, text: str) -> None:
    assert read(build("currency", locale), text) == "! unreadable: expected an ISO 4217 currency code"
