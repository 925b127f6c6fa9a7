"""Parts of a postal address."""

from __future__ import annotations

import re

from pipelines.clean.address_plain import plain_address
from pipelines.clean.address_split import AddressParts, split_address
from pipelines.clean.column import CellError

__all__ = ["AddressParts", "plain_address", "read_address_line", "read_city", "read_postal_code", "split_address"]

# Country → (pattern of the code without blanks and hyphens, what stands between its parts). Universal Postal Union.
_POSTAL: dict[str, tuple[str, str]] = {
    "AT": (r"([1-9]\d{3})", ""),
    "AU": (r"(\d{4})", ""),
    "BE": (r"([1-9]\d{3})", ""),
    "BR": (r"(\d{5})(\d{3})", "-"),
    "CA": (r"([ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z])(\d[ABCEGHJ-NPRSTV-Z]\d)", " "),
    "CH": (r"([1-9]\d{3})", ""),
    "CZ": (r"([1-7]\d{2})(\d{2})", " "),
    "DE": (r"(\d{5})", ""),
    "DK": (r"(\d{4})", ""),
    "ES": (r"(\d{5})", ""),
    "FI": (r"(\d{5})", ""),
    "FR": (r"(\d{5})", ""),
    "GB": (r"([A-Z]{1,2}\d[A-Z\d]?|GIR)(\d[A-Z]{2})", " "),
    "IE": (r"([AC-FHKNPRTV-Y]\d[\dW])([AC-FHKNPRTV-Y\d]{4})", " "),
    "IN": (r"([1-9]\d{5})", ""),
    "IT": (r"(\d{5})", ""),
    "LI": (r"(94\d{2})", ""),
    "LU": (r"([1-9]\d{3})", ""),
    "NL": (r"([1-9]\d{3})([A-Z]{2})", " "),
    "NO": (r"(\d{4})", ""),
    "NZ": (r"(\d{4})", ""),
    "PL": (r"(\d{2})(\d{3})", "-"),
    "PT": (r"(\d{4})(\d{3})?", "-"),
    "SE": (r"([1-9]\d{2})(\d{2})", " "),
    "SK": (r"(\d{3})(\d{2})", " "),
    "US": (r"(\d{5})(\d{4})?", "-"),
}
# Prefixes once written before the code besides the ISO code itself: the distinguishing sign of vehicles.
_VEHICLE = {
    "AT": "A", "BE": "B", "DE": "D", "ES": "E", "FI": "FIN", "FR": "F", "IT": "I", "LI": "FL", "LU": "L", "NO": "N",
    "PT": "P", "SE": "S",
}  # fmt: skip
_PATTERNS = {country: re.compile(pattern, re.ASCII) for country, (pattern, _) in _POSTAL.items()}


def read_address_line(text: str) -> str:
    """A line of an address: street and number, building, post box.

    The source leaves the separators of empty parts behind: ', 12 High St,' → '12 High St'. Case, abbreviations
    ('Str.', 'Blv.') and order are kept. Nothing is rejected.

    >>> read_address_line("12 High St, ")
    '12 High St'
    """
    return text.strip(" ,;")


def read_city(text: str) -> str:
    """A town or suburb, as typed; separators left over at its ends are removed: 'Berlin,' → 'Berlin'.

    >>> read_city("Berlin,")
    'Berlin'
    """
    return text.strip(" ,;")


def read_postal_code(text: str, country: str | None) -> str:
    """A postal code in the spelling of its country.

    The source writes the country before it, drops or moves the blank: 'D-10115' → '10115' (DE), 'sw1a1aa' →
    'SW1A 1AA' (GB), '980111234' → '98011-1234' (US), 'S-958 22' → '958 22' (SE). Where we do not know the country or
    its codes, the text is kept. Not accepted: a code that does not have its country's form, also '1067' in Germany:
    a lost leading zero and a lost last digit look the same. That the code exists is not checked.
    Source: Universal Postal Union, postal addressing systems.

    >>> read_postal_code("h1j1c3", "CA")
    'H1J 1C3'
    """
    if country not in _POSTAL:
        return text
    code = text.upper()
    prefix, cut, rest = code.replace(" ", "-", 1).partition("-")
    if cut and prefix in (country, _VEHICLE.get(country)) and rest[:1].isdigit():
        code = rest
    found = _PATTERNS[country].fullmatch(re.sub("[ -]", "", code))
    if not found:
        raise CellError(f"expected a postal code of {country}")
    return _POSTAL[country][1].join(part for part in found.groups() if part)
