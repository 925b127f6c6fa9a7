from __future__ import annotations

import pytest

from tests.unit.clean.cleaners import build, read


@pytest.mark.parametrize(
    ("country", "text", "expected"),
    [
        ("DE", "(030) 123-4567", "+49301234567"),
        ("DE", "030 / 123456", "+4930123456"),
        ("DE", "+49 (0)69 992755", "+4969992755"),
        ("DE", "0044 20 7946 0958", "+442079460958"),
        ("DE", "tel:+44-20-7946-0958", "+442079460958"),
        ("DE", "Tel: (030) 123-4567", "+49301234567"),
        ("AU", "+44 20 7946 0958", "+442079460958"),
        ("US", "245-555-0173", "+12455550173"),  # not in the numbering plan, but of possible length
        ("US", "1 (11) 500 555-0181", "+15005550181"),
        ("US", "415-555-0123 x12", "+14155550123;ext=12"),
        ("US", "415.555.0123 ext. 12", "+14155550123;ext=12"),
        ("GB", "(171) 555-7788", "+441715557788"),
        ("US", "(212) 555-0123, ext. 45", "+12125550123;ext=45"),
        ("US", "+1-212-555-0123;ext=45", "+12125550123;ext=45"),
        ("FR", "01 23 45 67 89 poste 12", "+33123456789;ext=12"),
        ("RU", "8 (495) 123-45-67 доб. 12", "+74951234567;ext=12"),
        ("DE", "(+49) 30 123456", "+4930123456"),
        ("DE", "Tel. 030 123456", "+4930123456"),
        ("JP", "０３ー１２３４−５６７８", "+81312345678"),
        ("SA", "٠١١ ١٢٣ ٤٥٦٧", "+966111234567"),
    ],
)
def test_phone_numbers_by_the_country_of_the_row(country: str, text: str, expected: str) -> None:
    assert read(build("phone"), text, country=country) == expected
    assert read(build("phone"), expected, country=country) == expected


@pytest.mark.parametrize(
    ("country", "text"),
    [
        ("US", "555-8787"),  # no area code
        ("FR", "88.60.15.31"),  # eight digits, as until 1996
        ("DE", "030-1234567/0171-4567890"),
        ("DE", "ask for Bob 030 123456"),
        ("DE", "Fax 030 123456"),
        ("US", "212 555 0123 or 415 555 0123"),
        ("US", "1-800-FLOWERS"),
        ("DE", "n/a"),
        ("DE", "12"),
        ("DE", "0" * 40),
    ],
)
def test_what_is_not_one_phone_number(country: str, text: str) -> None:
    assert str(read(build("phone"), text, country=country)).startswith("! unreadable: expected")


def test_a_row_without_country() -> None:
    assert read(build("phone"), "+442079460958") == "+442079460958"
    assert read(build("phone"), "0044 20 7946 0958") == "+442079460958"
    expected = "! unreadable: expected an international telephone number, as the row has no country"
    assert read(build("phone"), "030 123456") == expected
    assert read(build("phone", default_country="DE"), "030 123456") == "+4930123456"
    assert read(build("phone", country="US"), "245-555-0173") == "+12455550173"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ann@ACME.COM", "Ann@acme.com"),
        ("ken0@adventure-works.com", "ken0@adventure-works.com"),
        ("o'neill+hr@acme.co.uk", "o'neill+hr@acme.co.uk"),
        ("info@Bücher.de", "info@bücher.de"),
    ],
)
def test_email_addresses(text: str, expected: str) -> None:
    assert read(build("email"), text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a@b",
        "kshen@consolidatedmessenger",
        "a b@acme.com",
        "a@acme.com; b@acme.com",
        "Ann <a@acme.com>",
        "a@x.local",
        "a..b@acme.com",
        "@acme.com",
    ],
)
def test_what_is_not_one_email_address(text: str) -> None:
    assert read(build("email"), text) == "! unreadable: expected one e-mail address"
