"""E-mail addresses and telephone numbers."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from pipelines.clean.column import CellError

_EXTENSION = r"[ ,;]*(?:;ext=|(?:ext(?:ensi[oó]n|n)?|xtn|x|#|poste|int(?:erno)?|ramal|toestel|доб)[.:]? ?)"
_DIALLED = re.compile(
    rf"(?P<number>[+]?[0-9(][0-9 ().\-‐-―−/]*?)(?:{_EXTENSION}(?P<extension>[0-9]{{1,20}})#?)?", re.IGNORECASE
)
_LABEL = re.compile(r"\A(?:tel|telefon|phone|ph|fon|mobile?)(?:[.:]+ ?| )(?=[+0-9(])", re.IGNORECASE)  # also RFC 3966
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
        return validate_email(text, check_deliverability=False, strict=True).normalized
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
    '+442079460958'; a link or a label (tel:, Tel.); digits of another script or width ('０３−１２３４−５６７８'). An
    extension ('ext. 12', 'x12', 'poste 12', 'доб. 12') is kept behind it: '+14155550123;ext=12' (RFC 3966). The country
    is that of the row.
    Accepted is what has a possible length for its country: invented numbers such as 245-555-0173, and ranges newer
    than our numbering plan, pass. Not accepted: numbers without their area code, national numbers of an unknown
    country, other words, two numbers in one cell. Standards: ITU-T E.164, libphonenumber.

    >>> read_phone("(030) 123-4567", "DE")
    '+49301234567'
    """
    text = _LABEL.sub("", text if text.isascii() else _western(text))
    text = text[1:] if text.startswith("(+") else text
    shape = _DIALLED.fullmatch(text)
    if not shape or _TWO_NUMBERS.match(text):
        raise CellError("expected one telephone number")
    dialled, extension = shape["number"], shape["extension"]
    if country is None and dialled.startswith("00"):
        dialled = "+" + dialled[2:]
    if country is None and not dialled.startswith("+"):
        raise CellError("expected an international telephone number, as the row has no country")
    try:
        number = phonenumbers.parse(dialled, country)
    except NumberParseException:
        raise CellError("expected a telephone number") from None
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        raise CellError("expected a telephone number with area code, of a length its country has")
    plain = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return f"{plain};ext={extension}" if extension else plain


def _western(text: str) -> str:
    """Digits as 0 to 9, signs in their usual width; the long vowel sign of Japanese, typed for a hyphen, is one."""
    plain = unicodedata.normalize("NFKC", text).replace("ー", "-")
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in plain)
