"""What ends a record: a line break of any kind, or a text of the file's own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

BREAK = re.compile(r"\r\n|\n|\r")
ALONE = ("\x1e", "~", "|", ";", "$", "#", "^", "@", "!", "*", "\x0b", "\x0c", "\x1d", "\x85", "\u2028", "¶", "§", "&|")
"""What ends records in files that have no line breaks."""

ENDINGS = frozenset("|~&$#^;:@*\\/<>{}[]=§¦¬¶!\x1d\x1e\x1f\x01\x02")
"""What may stand before a line break and belong to it. Signs that end cells, such as % or -, are not among them."""


@dataclass(frozen=True)
class Breaks:
    """Line breaks of a text: how many of each kind, and how a person calls them."""

    crlf: int
    lf: int
    cr: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.crlf + self.lf + self.cr

    def __str__(self) -> str:
        kinds = [("CRLF", self.crlf), ("LF", self.lf), ("CR", self.cr)]
        return ", ".join(f"{number} {name}" for name, number in kinds if number) or "none"


def count_breaks(text: str) -> Breaks:
    """The line breaks of a text."""
    crlf = text.count("\r\n")
    return Breaks(crlf, text.count("\n") - crlf, text.count("\r") - crlf)


def own_separators(text: str, breaks: Breaks) -> list[str]:
    r"""Texts that may end the records instead of a line break: `~`, or `&|` and LF.

    >>> own_separators("1+|a&|\n2+|b&|\n3+|c&|\n", count_breaks("1+|a&|\n2+|b&|\n3+|c&|\n"))
    ['|\n', '&|\n']
    """
    found: list[str] = []
    if breaks.total * 2000 < len(text) or breaks.total <= 1:
        body = text.rstrip("\r\n")
        found = [s for s in ALONE if body.count(s) >= 2 or (body.endswith(s) and body.count(s) == 1 and len(body) > 1)]
    if breaks.total >= 2:
        found += _endings(text)
    return found


def _endings(text: str) -> list[str]:
    """Symbols before the line break on nearly every line, longest last, with the line break of the file."""
    pieces = BREAK.split(text)[:-1]
    lines = [line for line in pieces[:4000] if line.strip()]
    if len(lines) < 2:
        return []
    found_break = BREAK.search(text)
    mark = found_break[0] if found_break else "\n"
    found = []
    for size in (1, 2, 3):
        endings = Counter(line[-size:] for line in lines if len(line) > size)
        ending, number = endings.most_common(1)[0] if endings else ("", 0)
        if not ending or not set(ending) <= ENDINGS or number * 10 < len(lines) * 5:
            break
        found.append(ending + mark)
    return found


def name_of(separator: str | None, breaks: Sequence[str] = ()) -> str:
    r"""How a separator is written in a message: `&|\n`."""
    return repr(separator)[1:-1] if separator else "any line break"
