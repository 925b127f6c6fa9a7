"""Numbers of registers that carry check digits: bank accounts and VAT identification numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import pycountry
import stdnum
from stdnum import iban
from stdnum.exceptions import ValidationError

from pipelines.clean.column import CellError

_SIGNS = re.compile(r"[\s.\-/]")
_COUNTRIES = {"EL": "GR", "XI": "GB"}
"""Prefixes of VAT numbers that are not the country's code: Greece, and Northern Ireland in trade with the Union."""


def read_iban(text: str) -> str:
    """An international bank account number, in capitals without blanks.

    The source writes it in groups, or in small letters: 'DE89 3704 0044 0532 0130 00' → 'DE89370400440532013000'. The
    check digits, the length and the form that the country gives it must fit. Not accepted: national account numbers,
    two numbers in one cell. Whether the account exists is not asked. Standard: ISO 13616.

    >>> read_iban("DE89 3704 0044 0532 0130 00")
    'DE89370400440532013000'
    """
    try:
        return str(iban.validate(text))
    except ValidationError:
        raise CellError("expected an IBAN whose check digits fit") from None


def read_vat_id(text: str, country: str | None) -> str:
    """A VAT identification number with the prefix of its country, in capitals without blanks and signs.

    The source writes blanks, dots and hyphens, and often leaves the country out: 'DE 136 695 976' → 'DE136695976',
    '136695976' → 'DE136695976' with country DE. The check digits must fit where its country has some that are known;
    numbers of other countries keep their characters. Not accepted: a number without prefix in a row without country,
    words. Whether it is registered is not asked. Sources: Directive 2006/112/EC article 215, python-stdnum.

    >>> read_vat_id("136 695 976", "DE")
    'DE136695976'
    """
    plain = _SIGNS.sub("", text).upper()
    prefix = plain[:2] if plain[:2] in _COUNTRIES or pycountry.countries.get(alpha_2=plain[:2]) else ""
    home = _COUNTRIES.get(prefix, prefix) or country
    if not home:
        raise CellError("expected a VAT number with its country in front, as the row has no country")
    rules = _rules(home)
    if rules is None:
        if not re.fullmatch(r"[A-Z0-9]{4,20}", plain) or not any(c.isdigit() for c in plain):
            raise CellError("expected a VAT number")
        return plain if prefix else home + plain
    for number in (plain[len(prefix) :], plain):
        try:
            checked = str(rules(number))
        except ValidationError:
            continue
        return checked if checked.startswith(home) else (prefix or home) + checked
    raise CellError(f"expected a VAT number of {home} whose check digits fit")


@lru_cache
def _rules(country: str) -> Callable[[str], str] | None:
    """How a country's numbers are checked, None where nothing is known."""
    module = stdnum.get_cc_module(country.lower(), "vat")
    return module.validate if module else None
