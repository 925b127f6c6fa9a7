"""E-mail addresses and telephone numbers."""

from __future__ import annotations

import re

import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from pipelines.clean.column import CellError

_DIALLED = re.compile(r"[+]?[0-9(][0-9 ().\-‐-―−/]*(?P<extension>(?:ext\.?|extn\.?|x|#) ?[0-9]{1,7})?", re.IGNORECASE)
_URI = re.compile(r"\Atel: ?(?=[+0-9(])", re.IGNORECASE)  # RFC 3966, section 3
_TWO_NUMBERS = re.compile(r"(?:[^0-9]*[0-9]){5}.*/ ?0")  # a second area code behind a slash
# A plain address that needs no validator: short, no doubled hyphen (reserved labels), no domain for special use.
_PLAIN_EMAIL = r"^(?P<name>[\w+-]+(?:\.[\w+-]+)*)@(?P<domain>(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\.)+[A-Za-z]{2,24})$"
_SPECIAL_DOMAIN = r"(?i)\.(?:arpa|invalid|local|localhost|onion|test|example)$"
_SHORT = 60


def read_email(text: str) -> str:
    """An e-mail address.

    The source writes the domain in any case: 'Ann@ACME.COM' → 'Ann@acme.com'; the part before @ is the receiver's
    own and is kept. Not accepted: several addresses, names around it ('Ann <a@b.de>'), domains without a dot or set
    aside for special use. Whether the domain exists is not asked (no network). Standards: RFC 5321, RFC 6531.

    >>> read_email("Ann@ACME.COM")
    'Ann@acme.com'
    """
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        raise CellError("expected one e-mail address") from None


def fast_email(cells: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Fast path of `read_email`."""
    plain = pc.and_not(pc.match_substring_regex(cells, _PLAIN_EMAIL), pc.match_substring_regex(cells, _SPECIAL_DOMAIN))
    plain = pc.and_(plain, pc.less(pc.binary_length(cells), _SHORT))
    regular = pc.or_(plain, pc.equal(cells, "")).fill_null(True)
    addresses = pc.if_else(plain, cells, pa.scalar(None, pa.string()))
    if pc.any(pc.match_substring_regex(addresses, "@.*[A-Z]")).as_py():
        name, domain = pc.extract_regex(addresses, _PLAIN_EMAIL).flatten()
        addresses = pc.binary_join_element_wise(name, pc.ascii_lower(domain), "@")
    return regular, addresses


def read_phone(text: str, country: str | None) -> str:
    """A telephone number in E.164: '+', country calling code, number.

    The source writes national forms: '(030) 123-4567' → '+49301234567' with country DE, '0044 20 7946 0958' →
    '+442079460958'; or a link (tel:). An extension is kept behind it: '+14155550123;ext=12' (RFC 3966). The country is
    that of the row.
    Accepted is what has a possible length for its country: invented numbers such as 245-555-0173, and ranges newer
    than our numbering plan, pass. Not accepted: numbers without their area code, national numbers of an unknown
    country, words, two numbers in one cell. Standards: ITU-T E.164, libphonenumber.

    >>> read_phone("(030) 123-4567", "DE")
    '+49301234567'
    """
    text = _URI.sub("", text)
    shape = _DIALLED.fullmatch(text)
    if not shape or _TWO_NUMBERS.match(text):
        raise CellError("expected one telephone number")
    if country is None and text.startswith("00"):
        text = "+" + text[2:]
    if country is None and not text.startswith("+"):
        raise CellError("expected an international telephone number, as the row has no country")
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        raise CellError("expected a telephone number") from None
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        raise CellError("expected a telephone number with area code, of a length its country has")
    plain = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return f"{plain};ext={number.extension}" if number.extension else plain
