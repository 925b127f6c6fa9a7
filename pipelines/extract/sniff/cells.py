"""What a cell looks like, and how many bits it takes to write it down: the yardstick by which dialects are compared.

A wrong delimiter tears numbers, dates and addresses apart or leaves delimiters inside text; either way the cells
take more bits than under the right one. The figures are rough frequencies of characters in business files.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pycountry import currencies

LONGEST = 400
"""Characters of a cell that are classified; a longer one is text anyway."""

_SIGN = r"[-+\u2212]?"
_MARK = rf"(?:[$€£¥₹]|{'|'.join(c.alpha_3 for c in currencies)}|kr|zł|R\$)"
_AMOUNT = r"(?:\d+|\d{1,3}(?:,\d{3})+|\d{1,3}(?:\.\d{3})+|\d{1,3}(?:['’ \u00a0\u202f]\d{3})+|\d{1,2}(?:,\d{2})+,\d{3})"
NUMBER = re.compile(rf"(?:{_SIGN}(?:{_AMOUNT}(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d{{1,3}})?-?|\({_AMOUNT}(?:[.,]\d+)?\))")
INTEGER = re.compile(rf"{_SIGN}\d+")
MONEY = re.compile(
    rf"{_SIGN}{_MARK} ?{_SIGN}{_AMOUNT}(?:[.,]\d+)?-?|{_SIGN}{_AMOUNT}(?:[.,]\d+)? ?{_MARK}|"
    rf"\({_MARK} ?{_AMOUNT}(?:[.,]\d+)?\)"
)
PERCENT = re.compile(rf"{_SIGN}\d+(?:[.,]\d+)? ?%")
_DAY = (
    r"(?:\d{4}([-/. ])\d{1,2}\1\d{1,2}|\d{1,2}([-/. ])\d{1,2}\2(?:\d{4}|\d{2})|"
    r"(?:\d{1,2}[-/. ]{1,2})?[^\W\d_]{3,9}\.?[-/., ]{1,2}(?:\d{1,2}(?:st|nd|rd|th)?,? ?[-/]?)?(?:\d{4}|\d{2})|"
    r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))"
)
_MONTHS = re.compile(
    r"(?i)(?<![^\W\d_])(?:jan|feb|mar|m[aä]r|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez|ene|abr|ago|dic|"
    r"fev|fév|avr|jui|juin|juil|aoû|déc|gen|mag|giu|lug|set|ott|out|mrz|mrt)[^\W\d_]{0,7}"
)
_CLOCK = (
    r"(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?(?: ?[aApP]\.?[mM]\.?)?"
    r"(?: ?(?:Z|UTC|GMT|[-+]\d{2}:?\d{2}))?"
)
DATE = re.compile(_DAY)
TIME = re.compile(rf"{_CLOCK}|\d{{1,4}}:[0-5]\d(?::[0-5]\d)?")
TIMESTAMP = re.compile(rf"{_DAY},?[T ]{{1,2}}{_CLOCK}|\d{{4}}-\d\d-\d\dT\d{{2,6}}(?:\.\d+)?Z?")
EMAIL = re.compile(r"[\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
URL = re.compile(r"(?i)(?:(?:https?|ftp|file|mailto|s3)://?\S+|www\.\S+\.\S+)")
PHONE = re.compile(r"(?:\+|00)\d{1,3}(?:[ ./()-]{1,2}\d{1,9}){1,6}|\(\d{2,5}\) ?\d{2,9}(?:[ -]\d{2,9}){0,3}")
GUID = re.compile(r"[{(]?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}[)}]?")
ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?::\d+|/\d+)?|[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{0,4}){7}")
NOTHING = re.compile(r"(?i)(?:n/?a|#n/a|nan|null|none|-+|\\n|nil|\.|\?)")
CODE = re.compile(r"[A-Za-z0-9]+(?:[-_./][A-Za-z0-9]+)*")

EMPTY, WHOLE, DECIMAL, DAY, CLOCK, MOMENT, MARKED, WORD, TEXT, DIRTY = range(10)
KINDS = 10

_CHAR: dict[str, float] = {}
for _chars, _bits in (
    ("etaoinshrdlucm", 4.0), ("wfgypbvkxqjz", 4.8), ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 4.8), ("0123456789", 4.0),
    (" ", 2.6), (".-_/", 4.0), ("'()&\\@=+", 5.5), (":", 6.5), (",", 7.0), ("?!%$#*<>[]{}", 6.5), (";", 9.0),
    ("~^`", 9.5), ("|", 11.0), ("\t", 12.0), ('"', 10.0), ("\n", 7.0), ("\r", 3.0), ("\0", 20.0), ("\ufffd", 12.0),
):  # fmt: skip
    _CHAR |= dict.fromkeys(_chars, _bits)
LETTER, SYMBOL = 5.5, 9.0
"""Bits of a letter beyond ASCII, and of any other character that is not in the table."""


def char_bits(char: str) -> float:
    """Bits of one character of text."""
    known = _CHAR.get(char)
    if known is None:
        known = _CHAR[char] = LETTER if char.isalpha() else SYMBOL if char.isprintable() else 12.0
    return known


@lru_cache(maxsize=1 << 16)
def look(cell: str) -> tuple[int, float]:
    """(kind, bits) of a cell; the bits count its content, not its kind.

    >>> look("12")[0] == WHOLE, look("1,5")[0] == DECIMAL, look("Miller & Son")[0] == TEXT
    (True, True, True)
    """
    text = cell.strip(" \u00a0")
    margin = (len(cell) - len(text)) * 1.2
    if not text:
        return EMPTY, 0.6 + min(margin, 3.0)
    if len(text) <= LONGEST:
        typed = _typed(text)
        if typed:
            return typed[0], typed[1] + min(margin, 6.0)
    bits = 4.0 + sum(map(char_bits, text[:LONGEST])) * max(len(text) / LONGEST, 1.0) + margin
    if " " in text and text.replace(" ", "").isdigit():
        bits += 3.0 * text.count(" ")  # a number for itself, had it been meant as one
    if ", " in text:
        bits -= 2.5 * text.count(", ")  # as in prose and addresses
    if text[0] in "\"'" or text[-1] in "\"'":
        return DIRTY, bits + 4.0
    return (WORD if CODE.fullmatch(text) else TEXT), bits


def _typed(text: str) -> tuple[int, float] | None:
    size = len(text)
    if text[0].isalpha() and text.isalpha():
        return None
    if not any(c.isdigit() for c in text):
        return (EMPTY, 4.0) if NOTHING.fullmatch(text) else _named(text)
    if INTEGER.fullmatch(text):
        if size == 8 and DATE.fullmatch(text):
            return WHOLE, 20.0
        return WHOLE, 0.8 + 3.4 * size
    if NUMBER.fullmatch(text):
        return DECIMAL, 3.0 + 3.4 * (size - 1)
    if TIME.fullmatch(text):
        return CLOCK, 6.0 + 1.2 * size
    if size <= 40:
        if DATE.fullmatch(text) and (not any(c.isalpha() for c in text) or _MONTHS.search(text)):
            return DAY, 15.0
        if TIMESTAMP.fullmatch(text):
            return MOMENT, 20.0 + 0.4 * size
    if PERCENT.fullmatch(text) or MONEY.fullmatch(text):
        return MARKED, 1.0 + 3.4 * (size - 1)
    return _named(text)


def _named(text: str) -> tuple[int, float] | None:
    size = len(text)
    if GUID.fullmatch(text):
        return MARKED, 4.0 * size
    if size <= 30 and PHONE.fullmatch(text):
        return MARKED, 2.0 + 2.9 * size
    if ADDRESS.fullmatch(text):
        return MARKED, 3.0 * size
    if "@" in text and EMAIL.fullmatch(text):
        return MARKED, 4.0 * size
    if URL.fullmatch(text):
        return MARKED, 0.88 * sum(map(char_bits, text))
    return None
