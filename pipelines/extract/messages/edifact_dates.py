"""Dates, times and numbers of EDIFACT made plain: by the code of data element 2379, or by their length."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

FIRST_YEAR = 1970
"""Years of two digits lie between it and 2069: EDIFACT is younger than 1980."""

_PATTERNS = {
    "2": "DMy", "3": "MDy", "4": "DMY", "101": "yMD", "102": "YMD", "201": "yMDhm", "202": "yMDhms", "203": "YMDhm",
    "204": "YMDhms", "205": "YMDhmz", "206": "YMDhmsz", "303": "YMDhmZ", "304": "YMDhmsZ",
}  # fmt: skip
_PERIODS = {"711": ("102", 8), "718": ("102", 8), "713": ("201", 10), "717": ("101", 6), "719": ("203", 12)}
"""Code of a period → code and length of each of its ends."""
_BY_LENGTH = {6: "101", 8: "102", 10: "201", 12: "203", 14: "204"}
_PARTS = {
    "Y": r"(?P<Y>\d{4})", "y": r"(?P<y>\d{2})", "M": r"(?P<M>\d{2})", "D": r"(?P<D>\d{2})", "h": r"(?P<h>\d{2})",
    "m": r"(?P<m>\d{2})", "s": r"(?P<s>\d{2})", "z": r"(?P<z>[+-]\d{4})", "Z": r"(?P<Z>[A-Z]{1,3})",
}  # fmt: skip
_READERS = {code: re.compile("".join(_PARTS[part] for part in pattern)) for code, pattern in _PATTERNS.items()}
_UTC = {"UTC", "GMT", "Z"}
_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)")


def iso(value: str, code: str) -> str:
    """A date or moment: ('260331', '101') → 2026-03-31, ('202603311015', '203') → 2026-03-31T10:15:00.

    Of a period the last day. Without code the number of digits says what it is. What cannot be read so (weeks, months,
    clock times, words) is returned as written, and refused where a date is wanted.
    """
    text = value.strip()
    if period := _PERIODS.get(code):
        code, length = period
        digits = text.replace("-", "")
        text = digits[length:] if len(digits) == 2 * length else text
    if not code:
        code = _BY_LENGTH.get(len(text), "")
    reader = _READERS.get(code)
    found = reader.fullmatch(text) if reader else None
    if not found:
        return value.strip()
    parts = found.groupdict()
    zone = parts.get("Z")
    if zone and zone not in _UTC:
        return value.strip()
    year = parts.get("Y") or _century(parts["y"])
    day = f"{year}-{parts['M']}-{parts['D']}"
    if "h" not in parts:
        return day
    offset = parts.get("z") or ("+0000" if zone else "")
    return f"{day}T{parts['h']}:{parts['m']}:{parts.get('s') or '00'}{offset and offset[:3] + ':' + offset[3:]}"


def day(value: str, code: str) -> str:
    """The day of a date or moment."""
    text = iso(value, code)
    return text[:10] if re.match(r"\d{4}-\d\d-\d\dT", text) else text


def iso_of_header(date: str, time: str) -> str:
    """Day and time of preparation of an interchange, each in its element; as written where they cannot be read."""
    text = iso(date + time, "")
    if "T" in text:
        return text
    return iso(date, "") if not time else f"{date}:{time}"


def _century(short: str) -> str:
    year = FIRST_YEAR // 100 * 100 + int(short)
    return str(year if year >= FIRST_YEAR else year + 100)


def number(text: str) -> str:
    """A number with a point: ISO 9735 takes comma and point alike. What is none stays as written."""
    text = text.strip()
    return text.replace(",", ".").removeprefix("+") if _NUMBER.fullmatch(text) else text


def decimal(text: str) -> Decimal | None:
    """The same as a number; None where it is none."""
    try:
        return Decimal(number(text)) if _NUMBER.fullmatch(text.strip()) else None
    except InvalidOperation:
        return None


def plain(value: Decimal) -> str:
    """A number as text, without exponent and needless zeros at its end."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def negated(text: str) -> str:
    """The number with the other sign; what is none stays as written."""
    text = number(text)
    if decimal(text) in (None, 0):
        return text
    return text[1:] if text.startswith("-") else f"-{text}"
