"""A value that may stand in place of a bad one. Only where nothing is guessed: the same value, written as it should be.

`aktiv.` → `aktiv` where the codes know no other of that spelling; `2026-10-05` → `05.10.2026` where dates are written
so. Never a value that merely looks alike: a near code, a digit put in, a swapped day and month.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Sequence

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


def suggestion(
    text: str, reads: Callable[[str], bool], *, formats: Sequence[str] = (), codes: Sequence[str] = ()
) -> str | None:
    """The same value as the client should write it, if there is exactly one and it can be read; else None.

    `reads`: whether the column can be read from a text.
    """
    found = [*_tidied(text), *_same_code(text, codes), *_as_formatted(text, formats)]
    usable = {value for value in found if value and value != text and reads(value)}
    return usable.pop() if len(usable) == 1 else None


def _tidied(text: str) -> list[str]:
    """Without signs that nobody sees, full-width letters and doubled blanks."""
    plain = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    return [" ".join(plain.split())]


def _same_code(text: str, codes: Sequence[str]) -> list[str]:
    """The one code that has the same letters and digits, whatever its case and punctuation."""
    found = [code for code in codes if _letters(code) == _letters(text)]
    return found if len(found) == 1 and _letters(text) else []


def _letters(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def _as_formatted(text: str, formats: Sequence[str]) -> list[str]:
    """An ISO date in the client's format: no other date can be meant by it."""
    found = _ISO_DATE.fullmatch(text.strip())
    if not found or not formats:
        return []
    try:
        return [dt.date(*map(int, found.groups())).strftime(formats[0])]
    except ValueError:
        return []
