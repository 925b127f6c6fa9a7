from __future__ import annotations

import pytest

from tests.unit.clean.cleaners import build, read


@pytest.mark.parametrize(
    ("country", "text", "expected"),
    [
        ("DE", "D-10115", "10115"),
        ("DE", "DE 10115", "10115"),
        ("DE", "04179", "04179"),
        ("AT", "A-8010", "8010"),
        ("CH", "ch-3012", "3012"),
        ("FR", "F-75001", "75001"),
        ("GB", "sw1a1aa", "SW1A 1AA"),
        ("GB", "WA1  1DP", "WA1 1DP"),
        ("US", "02134", "02134"),
        ("US", "980111234", "98011-1234"),
        ("US", "98011 1234", "98011-1234"),
        ("CA", "h1j1c3", "H1J 1C3"),
        ("CA", "H1J-1C3", "H1J 1C3"),
        ("AU", "2042", "2042"),
        ("NL", "9999zz", "9999 ZZ"),
        ("SE", "S-958 22", "958 22"),
        ("BE", "B-1180", "1180"),
        ("PL", "01012", "01-012"),
        ("PT", "1675", "1675"),
        ("IE", "d02x285", "D02 X285"),
        ("GB", "bfpo61", "BFPO 61"),
        ("JP", "1540023", "154-0023"),
        ("LV", "LV1010", "LV-1010"),
        ("LV", "1010", "1010"),
    ],
)
def test_postal_codes_in_the_spelling_of_their_country(country: str, text: str, expected: str) -> None:
    assert read(build("postal_code"), text, country=country) == expected


@pytest.mark.parametrize(
    ("country", "text"),
    [
        ("DE", "1067"),
        ("DE", "123456"),
        ("DE", "A-1010"),
        ("GB", "M14 GSD"),
        ("CA", "V8P"),
        ("US", "9801"),
        ("NL", "0123 AB"),
        ("DE", "١٠١١٥"),
    ],
)
def test_codes_without_the_form_of_their_country(country: str, text: str) -> None:
    assert read(build("postal_code"), text, country=country) == f"! unreadable: expected a postal code of {country}"


def test_countries_we_do_not_know() -> None:
    assert read(build("postal_code"), " 0512 ", country="SG") == "0512"
    assert read(build("postal_code"), "x 1") == "x 1"
    assert read(build("postal_code", default_country="DE"), "D-10115") == "10115"
    assert read(build("postal_code", country="DE"), "1") == "! unreadable: expected a postal code of DE"


@pytest.mark.parametrize(
    ("country", "text", "expected"),
    [
        ("US", "California", "CA"),
        ("US", " ca", "CA"),
        ("US", "Bothell", "Bothell"),
        ("CA", "Quebec", "QC"),
        ("AU", "New South Wales", "NSW"),
        ("IE", "County Cork", "CO"),
        ("ES", "Alacant", "A"),
        ("DE", "Bayern", "BY"),
        ("FR", "75", "75"),
        ("XX", "Lara", "Lara"),
    ],
)
def test_regions_by_the_code_of_their_country(country: str, text: str, expected: str) -> None:
    assert read(build("region_code"), text, country=country) == expected


def test_a_region_of_no_country_is_kept() -> None:
    assert read(build("region_code"), "California") == "California"


def test_lines_and_towns_keep_their_spelling() -> None:
    assert read(build("address_line"), ", 12  High St., ") == "12 High St."
    assert read(build("address_line"), " , ") is None
    assert read(build("city"), "Berlin,") == "Berlin"
    assert read(build("city"), "LONDON") == "LONDON"
    assert read(build("region"), " NSW ") == "NSW"
