from __future__ import annotations

import pytest

from tests.unit.clean.cleaners import build, read

_IBAN = "! unreadable: expected an IBAN whose check digits fit"
_NO_VAT = "! unreadable: expected a VAT number"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DE89 3704 0044 0532 0130 00", "DE89370400440532013000"),
        ("gb33bukb20201555555555", "GB33BUKB20201555555555"),
        ("DE88 3704 0044 0532 0130 00", _IBAN),  # one digit off
        ("DE8937040044053201300", _IBAN),  # one digit short
        ("0532 0130 00", _IBAN),  # a national number
        ("DE89370400440532013000, GB33BUKB20201555555555", _IBAN),
        ("", None),
    ],
)
def test_bank_accounts(text: str, expected: str | None) -> None:
    assert read(build("iban"), text) == expected


@pytest.mark.parametrize(
    ("country", "text", "expected"),
    [
        ("DE", "DE 136 695 976", "DE136695976"),
        ("DE", "136695976", "DE136695976"),
        ("AT", "DE136695976", "DE136695976"),  # registered elsewhere
        ("GB", "GB 980 7806 84", "GB980780684"),
        ("GR", "EL094259216", "EL094259216"),
        ("CH", "CHE-116.281.710 MWST", "CHE116281710MWST"),
        ("NO", "NO 995 525 828 MVA", "NO995525828MVA"),
        ("FR", "fr 83 404 833 048", "FR83404833048"),
        ("US", "12-3456789", "US123456789"),  # no check digits are known
        ("DE", "DE 136 695 977", f"{_NO_VAT} of DE whose check digits fit"),
        ("DE", "???", f"{_NO_VAT} of DE whose check digits fit"),
        ("US", "???", _NO_VAT),
        ("DE", "", None),
    ],
)
def test_vat_numbers_by_country(country: str, text: str, expected: str | None) -> None:
    assert read(build("vat_id"), text, country=country) == expected


def test_a_vat_number_needs_a_country_from_somewhere() -> None:
    assert str(read(build("vat_id"), "136695976")).startswith("! unreadable: expected a VAT number with its country")
    assert read(build("vat_id"), "DE136695976") == "DE136695976"
