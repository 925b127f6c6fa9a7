"""Numbers: amounts, quantities, rates, counts, as the client's locale writes them. Exact, never rounded."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc
from babel import Locale
from babel.numbers import get_decimal_symbol, get_group_symbol

from pipelines.clean.codes import currency_codes, currency_reader, currency_symbols
from pipelines.clean.column import CellError, Fast
from pipelines.clean.text import clean_text
from pipelines.reject import Baseline

_MINUS = "\u2212\u2010\u2011\u2013\ufe63\uff0d"  # minus, hyphens, en dash: typographic or from word processors
_APOSTROPHE = "\u2019\u02bc\u2032\u00b4`"
_ONE_SIGN = str.maketrans(dict.fromkeys(_MINUS, "-") | dict.fromkeys(_APOSTROPHE, "'"))
_LONGEST = 80  # far beyond 38 digits, groups and a currency; keeps the patterns from a whole page in one cell
_SIGNS = {"": 1, "+": 1, "-": -1, "()": -1}
# Symbols in use that CLDR spells otherwise, or that several currencies share.
_COMMON_MARKS = frozenset(
    {"$", "£", "¥", "€", "₹", "Rs", "Rs.", "Fr", "Fr.", "SFr.", "sFr.", "kr", "kr.", "zł", "Kč", "Ft"}
)


@dataclass(frozen=True)
class NumberStyle:
    """How a locale writes numbers: decimal sign, usual group sign, pattern of the digits."""

    locale: str
    decimal: str
    group: str
    body: re.Pattern[str]
    shape: re.Pattern[str]
    symbols: frozenset[str]

    @property
    def example(self) -> str:
        """A number in this style, for messages."""
        return f"1{self.group}234{self.decimal}56"


@lru_cache(maxsize=64)
def number_style(locale: str) -> NumberStyle:
    """The style of a locale (Unicode CLDR), and what is read besides its own group sign.

    Blanks and apostrophes group in every locale, since they are never decimal signs. The other of point and comma
    groups where CLDR says so, and where a decimal sign follows it ('1.234,56' in fr_FR), never alone.
    """
    decimal = get_decimal_symbol(locale, numbering_system="latn")
    group = get_group_symbol(locale, numbering_system="latn").translate(_ONE_SIGN)
    group = " " if group.isspace() else group
    other = "," if decimal == "." else "."
    whole = ["[0-9]+", *(_grouped(locale, sign) for sign in {group, " ", "'"})]
    d = re.escape(decimal)
    usual = f"(?P<whole>{'|'.join(whole)})?(?:{d}(?P<part>[0-9]+))?"
    body = f"{usual}|(?P<whole2>{_grouped(locale, other)}){d}(?P<part2>[0-9]+)"
    # A point after a letter belongs to the currency mark ('Rs.500'), not to the number.
    shape = rf"(?P<head>.*?)(?P<body>(?:(?<![^\W\d_]){d})?[0-9](?:.*[0-9])?)(?P<tail>[^0-9]*)"
    marks = _COMMON_MARKS | set(currency_symbols(locale)) | set(Locale.parse(locale).currency_symbols.values())
    return NumberStyle(locale, decimal, group, re.compile(body), re.compile(shape), frozenset(marks))


def _grouped(locale: str, sign: str) -> str:
    """Digits in groups: threes everywhere, and the locale's own (12,34,567 in India). Groups never begin with 0."""
    s = re.escape(sign)
    threes = f"[1-9][0-9]{{0,2}}(?:{s}[0-9]{{3}})+"
    sizes = getattr(Locale.parse(locale).decimal_formats[None], "grouping", (3, 3))
    return f"{threes}|[1-9][0-9]?(?:{s}[0-9]{{2}})+{s}[0-9]{{3}}" if sizes == (3, 2) else threes


def read_number(text: str, locale: str) -> Decimal | None:
    """A number of any size and scale in a locale, with or without a currency; None when empty. For control totals.

    >>> read_number("1.234,50- EUR", "de_DE")
    Decimal('-1234.50')
    """
    text = clean_text(text)
    if not text:
        return None
    style = number_style(locale)
    sign, whole, part, mark = _parts(text, style)
    if mark and not _is_currency(mark, style):
        raise _unreadable(style)
    return Decimal((int(sign < 0), tuple(map(int, whole + part)), -len(part)))


def write_number(value: Decimal, locale: str) -> str:
    """A number as `read_number` and every number type of the locale read it back: no groups, no exponent.

    >>> write_number(Decimal("-1234.50"), "de_DE")
    '-1234,50'
    """
    return f"{value:f}".replace(".", number_style(locale).decimal)


def read_decimal(text: str, style: NumberStyle, precision: int, scale: int) -> Decimal:
    """A decimal number: quantity, rate, percent.

    The source groups digits, puts the minus behind (SAP) or uses a typographic one, sets negatives in parentheses.
    '1.234,50' → 1234.50, '12,5-' → -12.5, '(3)' → -3, '0012' → 12 in de_DE.
    Not accepted: wrong groups ('1.23.456', '0.123' in de_DE), a decimal sign without digits behind it (a cut-off
    number), several signs, exponents (a display form that has lost digits), percent signs, other digits than 0-9.
    Digits beyond the scale that are not 0, or too many before the decimal sign, are out of scale: never a rounding.
    So '1,234' in de_DE is 1.234 for a rate and out of scale for an amount with 2 decimals. Source: CLDR.

    >>> read_decimal("1.234,50-", number_style("de_DE"), 18, 2)
    Decimal('-1234.50')
    """
    sign, whole, part, mark = _parts(text, style)
    if mark:
        raise _unreadable(style)
    return _scaled(sign, whole, part, precision, scale)


def money_reader(style: NumberStyle, precision: int, scale: int) -> Callable[[str, str | None], Decimal]:
    """Read an amount of money, in major units: `read_decimal`, and a currency symbol or code before or behind.

    '€ 1.234,50' → 1234.50, '-5,00 EUR' → -5.00, '$(5.00)' → -5.00. The mark is not part of the value; where the
    row's currency is known, a mark that means another one is not accepted, nor is a mark that means nothing.
    """
    read_currency = currency_reader(style.locale)

    def read(text: str, currency: str | None) -> Decimal:
        sign, whole, part, mark = _parts(text, style)
        if mark:
            if not _is_currency(mark, style):
                raise _unreadable(style)
            try:
                meant = read_currency(mark)
            except CellError:
                meant = None  # a symbol of several currencies says nothing
            if meant and currency and meant != currency:
                raise CellError(f"expected an amount in the currency of the row, which is not {meant}")
        return _scaled(sign, whole, part, precision, scale)

    return read


def read_integer(text: str, style: NumberStyle, limit: int) -> int:
    """A whole number, from -limit - 1 to limit.

    '1.234' → 1234 in de_DE, '12,00' → 12. Not accepted: what `read_decimal` does not accept; a fraction other than
    zeros, or a number too large for the column, is out of scale.

    >>> read_integer("12,00", number_style("de_DE"), 2**31 - 1)
    12
    """
    sign, whole, part, mark = _parts(text, style)
    if mark:
        raise _unreadable(style)
    value = sign * int(_scaled(1, whole, part, 38, 0))
    if not -limit - 1 <= value <= limit:
        raise CellError(f"expected a whole number up to {limit}", Baseline.OUT_OF_SCALE)
    return value


def _parts(text: str, style: NumberStyle) -> tuple[int, str, str, str]:
    """(sign, digits before, digits behind the decimal sign, currency mark) of a prepared text."""
    text = text.translate(_ONE_SIGN)
    found = style.shape.fullmatch(text) if len(text) <= _LONGEST else None
    body = style.body.fullmatch(found["body"]) if found else None
    if not found or not body:
        raise _unreadable(style)
    head, tail = found["head"], found["tail"]
    mark = _mark(head) or _mark(tail)
    shell = (head + tail).replace(mark, "", 1).replace(" ", "")
    if shell not in _SIGNS:
        raise _unreadable(style)
    whole = body["whole"] or body["whole2"] or "0"
    return _SIGNS[shell], re.sub("[^0-9]", "", whole), body["part"] or body["part2"] or "", mark


def _mark(text: str) -> str:
    """What stands before or behind a number, without signs."""
    return text.strip(" +-()")


def _is_currency(mark: str, style: NumberStyle) -> bool:
    return mark in style.symbols or mark.upper() in currency_codes()


def _scaled(sign: int, whole: str, part: str, precision: int, scale: int) -> Decimal:
    whole = whole.lstrip("0")
    if part[scale:].strip("0"):
        expected = f"at most {scale} decimals" if scale else "a whole number"
        raise CellError(f"expected {expected}", Baseline.OUT_OF_SCALE)
    if len(whole) > precision - scale:
        raise CellError(f"expected at most {precision - scale} digits before the decimal sign", Baseline.OUT_OF_SCALE)
    digits = (whole + part[:scale].ljust(scale, "0")).lstrip("0") or "0"
    return Decimal((1 if sign < 0 and digits != "0" else 0, tuple(map(int, digits)), -scale))


def _unreadable(style: NumberStyle) -> CellError:
    return CellError(f"expected a number such as {style.example}")


def fast_decimal(style: NumberStyle, precision: int, scale: int) -> tuple[Fast, Fast]:
    """Fast paths of `read_decimal`: digits that fit with an optional minus before them; the same grouped, or with the
    minus behind them."""
    places = precision - scale
    d, g = re.escape(style.decimal), re.escape(style.group)
    digits = f"[0-9]{{1,{places}}}" if places else "0"
    forms = [digits]
    if places >= 6:
        forms.append(f"[1-9][0-9]{{0,2}}(?:{g}[0-9]{{3}}){{1,{(places - 3) // 3}}}")
    part = f"[0-9]{{1,{scale}}}0{{0,20}}" if scale else "0{1,20}"
    number = f"(?:{'|'.join(forms)})(?:{d}{part})?"
    plain = f"^-?{digits}(?:{d}[0-9]{{1,{scale}}})?$" if scale else f"^-?{digits}$"
    pattern = f"^(?:-?{number}|{number}-)$"
    kind = pa.decimal128(precision, scale)

    def fast(cells: pa.Array) -> tuple[pa.Array, pa.Array]:
        regular, texts = _matching(cells, plain)
        return regular, _pointed(texts, style).cast(kind)

    def fuller(cells: pa.Array) -> tuple[pa.Array, pa.Array]:
        regular, texts = _matching(cells, pattern)
        texts = _pointed(pc.replace_substring(texts, style.group, ""), style)
        if pc.any(pc.ends_with(texts, "-")).as_py():
            texts = pc.replace_substring_regex(texts, "^(.*)-$", r"-\1")
        return regular, texts.cast(kind)

    return fast, fuller


def fast_integer(style: NumberStyle, limit: int) -> Fast:
    """Fast path of `read_integer`: digits that cannot overflow, with an optional minus before them."""
    pattern = f"^-?[0-9]{{1,{len(str(limit)) - 1}}}$"

    def fast(cells: pa.Array) -> tuple[pa.Array, pa.Array]:
        regular, texts = _matching(cells, pattern)
        return regular, texts.cast(pa.int64())

    return fast


def _matching(cells: pa.Array, pattern: str) -> tuple[pa.Array, pa.Array]:
    """(which cells match or are empty, those that match: Arrow reads plain numbers exactly)."""
    matches = pc.match_substring_regex(cells, pattern)
    regular = pc.or_(matches, pc.equal(cells, "")).fill_null(True)
    if pc.all(matches).as_py() and not matches.null_count:
        return regular, cells
    return regular, pc.if_else(matches, cells, pa.scalar(None, pa.string()))


def _pointed(texts: pa.Array, style: NumberStyle) -> pa.Array:
    return texts if style.decimal == "." else pc.replace_substring(texts, style.decimal, ".")
