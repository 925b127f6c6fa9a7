"""Number formats of cells: which show an identifier with its zeros, and which make a number a date."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipelines.extract.parts import attributes

_MASK = re.compile(r"0{2,}")
_QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')
_DATES = frozenset([*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)])
_FORMAT = re.compile(rb"<(?:\w+:)?numFmt\s[^>]*>")
_CELL_STYLES = re.compile(rb"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", re.S)
_STYLE = re.compile(rb"<(?:\w+:)?xf\s[^>]*>")


@dataclass(frozen=True)
class Styles:
    """By position of the cell style: how many digits a mask of zeros shows; which are dates."""

    masks: Mapping[int, int] = field(default_factory=dict)
    dates: frozenset[int] = frozenset()


def styles_of(codes: Mapping[int, str], formats: Sequence[int]) -> Styles:
    """`codes`: format id → its code; `formats`: the format id of each cell style.

    >>> styles_of({164: "00000", 165: "0.00"}, [0, 164, 165, 14])
    Styles(masks={1: 5}, dates=frozenset({3}))
    """
    masks = {i: len(codes[f]) for i, f in enumerate(formats) if _MASK.fullmatch(codes.get(f, ""))}
    dates = frozenset(i for i, f in enumerate(formats) if f in _DATES or _is_date(codes.get(f, "")))
    return Styles(masks, dates)


def _is_date(code: str) -> bool:
    return bool(re.search("[dmyhs]", _QUOTED.sub("", code.lower()).replace("general", "")))


def read_styles(xml: bytes) -> Styles:
    """The styles of an .xlsx, from its part styles.xml."""
    codes: dict[int, str] = {}
    for tag in _FORMAT.findall(xml):
        words = attributes(tag)
        if words.get("numFmtId", "").isdigit():
            codes[int(words["numFmtId"])] = words.get("formatCode", "")
    section = _CELL_STYLES.search(xml)
    ids = [attributes(tag).get("numFmtId", "0") for tag in _STYLE.findall(section[0])] if section else []
    return styles_of(codes, [int(i) if i.isdigit() else 0 for i in ids])


def padded(value: float, digits: int) -> str | None:
    """A whole number as a mask of so many zeros shows it; None for any other.

    >>> padded(123.0, 5), padded(-7.0, 3), padded(1.5, 3)
    ('00123', '-007', None)
    """
    if not value.is_integer() or abs(value) >= 10**15:
        return None
    return f"{'-' if value < 0 else ''}{abs(int(value)):0{digits}}"
