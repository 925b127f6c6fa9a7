from __future__ import annotations

import pycountry
import pytest
from babel import Locale

from tests.unit.clean.cleaners import build, read


@pytest.mark.parametrize(
    ("locale", "text", "expected"),
    [
        ("en_US", "us", "US"),
        ("en_US", "USA", "US"),
        ("en_US", "U.S.A.", "US"),
        ("en_US", "united states of america", "US"),
        ("en_GB", "UK", "GB"),
        ("en_GB", "Scotland", "GB"),
        ("en_US", "Côte d'Ivoire", "CI"),
        ("en_US", "COTE D\u2019IVOIRE", "CI"),
        ("en_US", "Congo, DRC", "CD"),
        ("en_US", "Congo (DRC)", "CD"),
        ("en_US", "Congo, The Democratic Republic of the", "CD"),
        ("en_US", "Congo", "CG"),
        ("en_US", "Korea, Republic of", "KR"),
        ("en_US", "Republic of Korea", "KR"),
        ("en_US", "Gambia, The", "GM"),
        ("en_US", "The Bahamas", "BS"),
        ("en_US", "Tanzania", "TZ"),
        ("en_US", "Vietnam", "VN"),
        ("en_US", "Viet Nam", "VN"),
        ("en_US", "Swaziland", "SZ"),
        ("en_US", "Czech Republic", "CZ"),
        ("en_US", "Türkiye", "TR"),
        ("en_US", "Turkey", "TR"),
        ("en_US", "St. Lucia", "LC"),
        ("en_US", "Trinidad & Tobago", "TT"),
        ("en_US", "Hong Kong SAR", "HK"),
        ("en_US", "Virgin Islands, U.S.", "VI"),
        ("en_US", "Guinea", "GN"),
        ("en_US", "Niger", "NE"),
        ("en_US", "Kosovo", "XK"),
        ("de_DE", "Deutschland", "DE"),
        ("de_DE", "Elfenbeinküste", "CI"),
        ("de_DE", "österreich", "AT"),
        ("de_DE", "Germany", "DE"),
        ("fr_FR", "Allemagne", "DE"),
        ("fr_FR", "PAYS-BAS", "NL"),
    ],
)
def test_countries(locale: str, text: str, expected: str) -> None:
    assert read(build("country", locale), text) == expected


@pytest.mark.parametrize(
    "text", ["Korea", "Virgin Islands", "AN", "YU", "Serbia and Montenegro", "Europe", "Germny", "D", "999", "-"]
)
def test_what_is_not_one_country(text: str) -> None:
    assert read(build("country", "en_US"), text) == "! unreadable: expected a country: ISO 3166 code or name"


def test_every_code_and_name_of_the_standard_is_read_as_itself() -> None:
    country = build("country", "en_US")
    for known in pycountry.countries:
        for text in (known.alpha_2, known.alpha_3, known.name, getattr(known, "official_name", known.name)):
            assert read(country, text) == known.alpha_2, text


@pytest.mark.parametrize("locale", ["en_GB", "de_DE", "fr_FR", "nl_NL", "pl_PL"])
def test_every_name_of_the_language_is_read(locale: str) -> None:
    country, names = build("country", locale), Locale.parse(locale).territories
    for known in pycountry.countries:
        assert read(country, names[known.alpha_2]) == known.alpha_2
