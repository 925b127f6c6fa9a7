from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.clean.numbers import read_number, write_number
from tests.unit.clean.cleaners import build, read


@pytest.mark.parametrize(
    ("locale", "text", "expected"),
    [
        ("de_DE", "1234,5", "1234.50"),
        ("de_DE", "1.234,50", "1234.50"),
        ("de_DE", "1.234", "1234.00"),
        ("de_DE", "1.234.567,89", "1234567.89"),
        ("de_DE", "0000012,50", "12.50"),
        ("de_DE", ",75", "0.75"),
        ("de_DE", "12,5-", "-12.50"),
        ("de_DE", "-12,5", "-12.50"),
        ("de_DE", "- 12,5", "-12.50"),
        ("de_DE", "+3", "3.00"),
        ("de_DE", "(3,10)", "-3.10"),
        ("de_DE", "\u22125", "-5.00"),
        ("de_DE", "-0,00", "0.00"),
        ("de_DE", "7,5000", "7.50"),
        ("de_DE", "1\u00a0234,50", "1234.50"),
        ("de_DE", "1\u2009234,50", "1234.50"),
        ("de_DE", "1'234,50", "1234.50"),
        ("de_CH", "1\u2019234.50", "1234.50"),
        ("de_CH", "1,234.50", "1234.50"),
        ("de_AT", "1.234,50", "1234.50"),
        ("fr_FR", "1\u202f234,50", "1234.50"),
        ("fr_FR", "1.234,50", "1234.50"),
        ("en_US", "1,234.50", "1234.50"),
        ("en_US", ".00", "0.00"),
        ("en_IN", "12,34,567.89", "1234567.89"),
        ("en_IN", "1,234,567", "1234567.00"),
        ("de_DE", "9999999999999999,99", "9999999999999999.99"),
    ],
)
def test_amounts_of_the_locale(locale: str, text: str, expected: str) -> None:
    value = read(build("money", locale), text)
    assert (value, str(value)) == (Decimal(expected), expected)


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("de_DE", "1.23.456"),
        ("de_DE", "12.34"),
        ("de_DE", "1.5"),
        ("de_DE", "0.123"),
        ("de_DE", "1234.567"),
        ("de_DE", "1.234'567,00"),
        ("de_DE", "1,234,567"),
        ("de_DE", "12,"),
        ("de_DE", "5.-"),
        ("fr_FR", "1.234"),
        ("en_US", "1.234,50"),
        ("en_US", "12,34,567.89"),
        ("en_US", "1,23"),
        ("de_DE", "-(3)"),
        ("de_DE", "(-3)"),
        ("de_DE", "(3"),
        ("de_DE", "-3-"),
        ("de_DE", "--3"),
        ("de_DE", "1 23"),
        ("de_DE", "1e5"),
        ("de_DE", "1,5E+05"),
        ("de_DE", "5%"),
        ("de_DE", "-"),
        ("de_DE", "n/a"),
        ("de_DE", "NaN"),
        ("de_DE", "\uff15"),
        ("de_DE", "1 2 " * 100),
    ],
)
def test_what_is_not_written_as_a_number_of_the_locale_is_not_guessed(locale: str, text: str) -> None:
    assert str(read(build("money", locale), text)).startswith("! unreadable: expected a number such as 1")


@pytest.mark.parametrize(
    ("semantic", "text", "message"),
    [
        ("money", "1,234", "at most 2 decimals"),
        ("money", "0,001", "at most 2 decimals"),
        ("money", "10000000000000000", "at most 16 digits before the decimal sign"),
        ("money", "9" * 70, "at most 16 digits before the decimal sign"),
        ("rate", "0,12345", "at most 4 decimals"),
        ("integer", "2147483648", "a whole number up to 2147483647"),
        ("integer", "-2147483649", "a whole number up to 2147483647"),
        ("integer", "12,5", "a whole number"),
    ],
)
def test_more_digits_than_the_column_holds_is_never_rounded(semantic: str, text: str, message: str) -> None:
    assert read(build(semantic), text) == f"! out_of_scale: expected {message}"


def test_a_point_between_thousands_is_a_decimal_sign_only_where_the_locale_says_so() -> None:
    assert read(build("rate", "de_DE"), "1,234") == Decimal("1.234")
    assert read(build("rate", "en_US"), "1,234") == Decimal("1234")


@pytest.mark.parametrize(
    ("locale", "text", "expected"),
    [
        ("de_DE", "€ 1.234,50", "1234.50"),
        ("de_DE", "1.234,50 EUR", "1234.50"),
        ("de_DE", "eur -5", "-5.00"),
        ("de_DE", "-5,00€", "-5.00"),
        ("de_DE", "5,00- €", "-5.00"),
        ("de_DE", "5,00 €-", "-5.00"),
        ("en_US", "$(5.00)", "-5.00"),
        ("en_US", "($5.00)", "-5.00"),
        ("en_US", "$.75", "0.75"),
        ("en_US", "US$ 5", "5.00"),
        ("en_IN", "Rs.500", "500.00"),
        ("de_CH", "Fr. 5.50", "5.50"),
        ("de_CH", "CHF 1'000.00", "1000.00"),
    ],
)
def test_a_currency_beside_an_amount_of_money_is_no_part_of_it(locale: str, text: str, expected: str) -> None:
    assert read(build("money", locale), text) == Decimal(expected)


@pytest.mark.parametrize("text", ["5 kg", "5 XYZ", "€ 5 EUR", "EUR 5 H", "5€€"])
def test_other_words_beside_an_amount_are_not_accepted(text: str) -> None:
    assert str(read(build("money"), text)).startswith("! unreadable")


def test_only_money_has_a_currency() -> None:
    for semantic in ("quantity", "rate", "decimal", "integer"):
        assert str(read(build(semantic), "5 €")).startswith("! unreadable")


def test_a_currency_that_is_not_the_row_s_is_a_problem() -> None:
    wrong = "! unreadable: expected an amount in the currency of the row, which is not USD"
    assert read(build("money"), "5 USD", currency="EUR") == wrong
    assert read(build("money"), "5 USD", currency="USD") == 5
    assert read(build("money"), "5 kr", currency="SEK") == 5, "a symbol of several currencies says nothing"
    assert read(build("money", currency="EUR"), "$5") == wrong


def test_whole_numbers() -> None:
    assert read(build("integer"), "1.234") == 1234
    assert read(build("integer"), "12,00") == 12
    assert read(build("integer"), "-2147483648") == -(2**31)
    assert read(build("integer", physical="bigint"), "2147483648") == 2**31


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=3), st.sampled_from(["de_DE", "en_US", "fr_FR", "de_CH"])
)
def test_a_written_number_reads_back(value: Decimal, locale: str) -> None:
    assert read_number(write_number(value, locale), locale) == value


def test_control_numbers_have_any_size_scale_and_currency() -> None:
    assert read_number(" 1.234,56789 EUR ", "de_DE") == Decimal("1234.56789")
    assert read_number("9" * 50, "de_DE") == Decimal("9" * 50)
    assert read_number("\u00a0", "de_DE") is None
