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
        ("BE68 5390 0754 7034", "BE68539007547034"),  # the bank is in no list of today
        ("BE41 5390 0754 7035", _IBAN),  # national check digits
        ("ES15 1234 1234 17 1234567890", _IBAN),  # national check digits
        ("GB01 BARC 2071 4583 6083 87", _IBAN),  # fits, but no calculation gives 01
        ("GB2L ABBY 0901 2857 2017 07", _IBAN),  # a letter among the check digits
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
        ("MX", "CNR100325T71", "MXCNR100325T71"),  # which is none of China's
        ("MX", "MX CNR100325T71", "MXCNR100325T71"),
        ("CN", "CNR100325T71", f"{_NO_VAT} of CN whose check digits fit"),
        ("US", "12-3456789", "US123456789"),  # no check digits are known
        ("DE", "DE 136 695 977", f"{_NO_VAT} of DE whose check digits fit"),
        ("DE", "???", f"{_NO_VAT} of DE whose check digits fit"),
        ("US", "???", _NO_VAT),
        ("US", "12345" * 4, _NO_VAT),  # longer than any with its country in front
        ("DE", "", None),
    ],
)
def test_vat_numbers_by_country(country: str, text: str, expected: str | None) -> None:
    assert read(build("vat_id"), text, country=country) == expected


def test_a_vat_number_needs_a_country_from_somewhere() -> None:
    assert str(read(build("vat_id"), "136695976")).startswith("! unreadable: expected a VAT number with its country")
    assert read(build("vat_id"), "DE136695976") == "DE136695976"


_NO_LEI = "! unreadable: expected an LEI: 20 letters and digits whose check digits fit"
_NO_BIC = "! unreadable: expected a BIC of 8 or 11 characters"
_NO_NUMBER = "! unreadable: expected a number of a company register"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("506700GE1G29325QX363", "506700GE1G29325QX363"),
        ("5067 00ge 1g29 325q x363", "506700GE1G29325QX363"),
        ("213800KUD8LAJWSQ9D15", "213800KUD8LAJWSQ9D15"),
        ("213800KUD8LXJWSQ9D15", _NO_LEI),  # one letter off
        ("506700GE1G29325QX36", _NO_LEI),
        ("HRB 1234", _NO_LEI),
        ("", None),
    ],
)
def test_lei(text: str, expected: str | None) -> None:
    assert read(build("lei"), text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DEUTDEFF", "DEUTDEFF"),
        ("deut de ff 500", "DEUTDEFF500"),
        ("ABNANL2AXXX", "ABNANL2AXXX"),
        ("DEUTDEF", _NO_BIC),
        ("DEUTDEFF5", _NO_BIC),
        ("DEUTQQFF", _NO_BIC),  # no country
        ("DEUTDEF0", _NO_BIC),  # a test system
        ("Deutsche Bank", _NO_BIC),
        ("", None),
    ],
)
def test_bic(text: str, expected: str | None) -> None:
    assert read(build("bic"), text) == expected


@pytest.mark.parametrize(
    ("country", "text", "expected"),
    [
        ("DE", "HRB 12345", "HRB 12345"),
        ("DE", "hrb nr. 12345B", "HRB 12345 B"),
        ("DE", "Amtsgericht Köln, HRB 1234 B", "Köln HRB 1234 B"),
        ("DE", "HRB 4711 (AG München)", "München HRB 4711"),
        ("DE", "Köln HRB 1234 B", "Köln HRB 1234 B"),
        ("DE", "gnr 7 Husum", "Husum GnR 7"),
        ("DE", "12345", _NO_NUMBER + " of DE: HRA, HRB, GnR, GsR, PR or VR and digits"),
        ("GB", "sc12345", "SC012345"),
        ("GB", "Company No. 1234567", "01234567"),
        ("GB", "123456789", _NO_NUMBER + " of GB"),
        ("FR", "RCS Paris B 552 008 443", "552008443"),
        ("FR", "73282932000074", "73282932000074"),
        ("FR", "552 008 444", _NO_NUMBER + " of FR"),  # one digit off
        ("AT", "FN 122119M", "FN 122119m"),
        ("AT", "122119", _NO_NUMBER + " of AT"),
        ("CH", "CHE-100.155.212 MWST", "CHE100155212"),
        ("NL", "KvK 12345678", "12345678"),
        ("NO", "Org.nr. 988 077 917", "988077917"),
        ("SE", "123456-7897", "1234567897"),
        ("DK", "CVR 13585628", "13585628"),
        ("FI", "2077474-0", "20774740"),
        ("BE", "0428.759.497", "0428759497"),
        ("PL", "KRS 0000123456", "0000123456"),
        ("IT", "MI-1234567", "MI1234567"),
        ("US", "c-1234567", "C-1234567"),
        ("US", "none", _NO_NUMBER),
        ("", "4711", "4711"),
    ],
)
def test_register_numbers_in_the_form_of_their_register(country: str, text: str, expected: str) -> None:
    built = build("register_number")
    assert read(built, text, country=country) == expected
    if not expected.startswith("!"):
        assert read(built, expected, country=country) == expected
