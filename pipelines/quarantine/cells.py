"""Texts as the cells of a workbook can hold them, and as texts they stay."""

from __future__ import annotations

import re

from openpyxl.cell.cell import Cell

HIDDEN = "****"
"""Stands for a restricted cell that need not be corrected."""
MOST_TEXT = 32_000
"""A cell of a spreadsheet program holds 32,767 characters; signs of two units count double."""

_CONTROLS = {n: 0x2400 + n for n in range(32) if n not in (9, 10)} | {0x7F: 0x2421, 0xFFFE: 0xFFFD, 0xFFFF: 0xFFFD}
_ESCAPE = re.compile("_(x[0-9A-Fa-f]{4}_)")
_ESCAPED = re.compile("_x005F_(x[0-9A-Fa-f]{4}_)")
_ACTIVE = ("=", "+", "-", "@", "\t", "\r", "\n")


def shown(text: str) -> str:
    """A text as a cell can hold it: signs that no workbook may have stand as their pictures, one kind of line break.

    >>> shown("a\\r\\nb\\x00")
    'a\\nb␀'
    """
    text = text.replace("\r\n", "\n").translate(_CONTROLS)
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + "…"


def put(cell: Cell, text: str) -> None:
    """Write a text that stays a text, whatever it begins with."""
    cell.value = None
    cell._value = _ESCAPE.sub(r"_x005F_\1", text)  # the setter would take `=…` for a formula
    cell.data_type = "s"


def is_active(text: str) -> bool:
    """Whether a spreadsheet program could take the text for more than a text."""
    return text.startswith(_ACTIVE)


def same(sent: str, got: str) -> bool:
    """Whether a cell still says what was sent, however the program that saved it writes line breaks and escapes.

    >>> same("a\\nb", "a\\r\\nb"), same("1", "1 ")
    (True, False)
    """
    return plain(sent) == plain(got)


def plain(text: str) -> str:
    """A text read from a cell, without what programs put in its place when they save."""
    text = _ESCAPED.sub(r"_\1", text)
    return text.replace("_x000D_", "").replace("\r\n", "\n").replace("\r", "\n")
