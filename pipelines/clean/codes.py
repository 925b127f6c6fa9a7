"""Codes, identifiers and currencies: texts that stand for something."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc
import pycountry
from babel import Locale
from babel.numbers import list_currencies

from pipelines.clean.column import CellError, CellOptions
from pipelines.clean.text import REGULAR_IDENTIFIER, clean_text, regular_text
from pipelines.contract import Column
from pipelines.errors import DeclarationError
from pipelines.reject import Baseline

_ROUNDED = re.compile(r"[0-9][.,][0-9]+[eE]\+[0-9]+")
_NO_MONEY = ("XXX", "XTS")
_NEVER_ISO = (*_NO_MONEY, "CNH", "CNX", "ILP", "MDC", "KRH", "KRO")
"""Of CLDR's list: traded or proposed names that ISO 4217 never had."""


def code_map(column: Column, options: CellOptions) -> Callable[[str], str]:
    """The code map of a column: source text → canonical text.

    The source writes its own words for a thing we name. The text is looked up as written, else without regard to
    case where that is clear. A text that the map does not name becomes `other`, or is rejected (unknown code).
    An empty cell stays empty unless the map names the empty text.

    `{"O": "open", "A": "settled"}`: 'o' → 'open', 'X' → rejected.
    """
    exact = {clean_text(source): target for source, target in options.codes}
    folded = _folded(exact)
    if column.semantic == "code":
        given = {*exact.values(), *([options.other] if options.other is not None else [])}
        if wrong := sorted(given - {*column.codes, ""}):
            raise DeclarationError(
                f"code map of column {column.name} gives a code the contract does not have",
                got=wrong[0],
                expected=f"one of {', '.join(column.codes)}",
                next_step="correct `codes` or `other` of the column in the profile, or add the code to the contract",
            )

    def mapped(text: str) -> str:
        key = clean_text(text)
        found = exact.get(key)
        if found is None:
            found = folded.get(key.casefold())
        if found is not None:
            return found
        if not key:
            return text
        if options.other is not None:
            return options.other
        raise CellError(f"expected one of {_some(exact)}", Baseline.UNKNOWN_CODE)

    return mapped


def code_reader(allowed: tuple[str, ...]) -> Callable[[str], str]:
    """Read a code of the contract.

    The source writes the canonical code itself, perhaps in other case: 'Open' → 'open'. Any other text is rejected
    (unknown code): a code is never invented.
    """
    exact = {code: code for code in allowed}
    folded = _folded(exact)

    def read(text: str) -> str:
        found = exact.get(text) or folded.get(text.casefold())
        if found is None:
            raise CellError(f"expected one of {_some(exact)}", Baseline.UNKNOWN_CODE)
        return found

    return read


def _folded(exact: dict[str, str]) -> dict[str, str]:
    """The same map for folded case, without keys that would then mean two things."""
    targets: dict[str, set[str]] = {}
    for source, target in exact.items():
        targets.setdefault(source.casefold(), set()).add(target)
    return {key: found.pop() for key, found in targets.items() if len(found) == 1}


def _some(names: dict[str, str]) -> str:
    """The first few names of a map, for a message."""
    shown = [name for name in names if name][:8]
    return ", ".join(shown) + (" …" if len(names) > len(shown) else "")


def read_identifier(text: str) -> str:
    """An identifier, as typed: customer number, invoice number, account code.

    Leading zeros, case, punctuation and inner blanks are kept; only what cannot be seen at the ends is removed
    (`text.clean_identifier`). ' 0017' → '0017'. Not accepted: '1.23457E+11', which a spreadsheet has made of a long
    number: its last digits are gone and two identifiers may have become one.

    >>> read_identifier("0017")
    '0017'
    """
    if _ROUNDED.fullmatch(text):
        raise CellError("expected an identifier; the exponent form of a spreadsheet has lost its digits")
    return text


def fast_identifier(cells: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Fast path of `read_identifier`."""
    regular, values = regular_text(REGULAR_IDENTIFIER, cells)
    rounded = pc.match_substring_regex(cells, r"[eE]\+").fill_null(False)
    if pc.any(rounded).as_py():
        regular = pc.and_not(regular, rounded)
    return regular, values


@lru_cache(maxsize=1)
def currency_codes() -> frozenset[str]:
    """Active ISO 4217 codes."""
    return frozenset(c.alpha_3 for c in pycountry.currencies if c.alpha_3 not in _NO_MONEY)


@lru_cache(maxsize=1)
def known_currencies() -> frozenset[str]:
    """Active codes and those withdrawn since ISO 4217 began, as CLDR lists them: books of former years are in them."""
    return currency_codes() | frozenset(code for code in list_currencies() if code not in _NEVER_ISO)


@lru_cache(maxsize=64)
def currency_symbols(locale: str) -> dict[str, str]:
    """Symbol → code, for the symbols that Unicode CLDR gives to exactly one active currency.

    The locale's own symbols come first, so '$' is its own dollar; then those of CLDR's root: '€', 'US$', 'CA$'.
    """
    symbols: dict[str, str] = {}
    for source in (Locale("root"), Locale.parse(locale)):
        named = {c: s for c, s in source.currency_symbols.items() if c in currency_codes() and c != s}
        times = Counter(named.values())
        symbols = {symbol: code for symbol, code in symbols.items() if symbol not in times}
        symbols |= {symbol: code for code, symbol in named.items() if times[symbol] == 1}
    return symbols


def currency_reader(locale: str) -> Callable[[str], str]:
    """Read a currency: ISO 4217 code, or a symbol that means one currency in the locale.

    'eur' → 'EUR', '€' → 'EUR'; '$' is USD in en_US and de_DE, CAD in en_CA and nothing in en_GB; withdrawn codes
    (DEM, HRK, BGN) stay what they are. Not accepted: names, symbols of several currencies ('kr' in en_GB), codes for
    no currency and for tests. Standard: ISO 4217, CLDR.

    >>> currency_reader("en_CA")("$")
    'CAD'
    """
    codes, symbols = known_currencies(), currency_symbols(locale)

    def read(text: str) -> str:
        code = text.upper()
        if code in codes:
            return code
        if text in symbols:
            return symbols[text]
        raise CellError("expected an ISO 4217 currency code")

    return read
