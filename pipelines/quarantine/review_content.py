"""What a review workbook says, as plain data: pairs of customers that may be one, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

MISSING = "–"
"""Stands for a value that only the other customer has."""

Likeness = Literal["none", "equal", "alike", "one", "other"]
"""none: neither has a value; equal; alike: equal but for case, blanks and signs; one: only one has
a value; other: they differ."""


@dataclass(frozen=True)
class PairCell:
    """A column of both customers. `hidden`: a word stands for what may not be shown; how alike they are is told."""

    left: str | None
    right: str | None
    likeness: Likeness
    hidden: bool = False

    @property
    def text(self) -> str:
        """What stands in the one cell of the workbook: the left one above the right one, or one for both."""
        if self.likeness == "none":
            return ""
        if self.likeness == "equal" or self.hidden:
            return self.left or ""
        return f"{self.left or MISSING}\n{self.right or MISSING}"


def compared(left: str | None, right: str | None) -> PairCell:
    """Two values side by side.

    >>> compared("Müller GmbH", "MÜLLER-GMBH").likeness, compared("Kiel", None).text
    ('alike', 'Kiel\\n–')
    """
    if not left and not right:
        return PairCell(None, None, "none")
    if not left or not right:
        return PairCell(left, right, "one")
    if left == right:
        return PairCell(left, right, "equal")
    return PairCell(left, right, "alike" if _bare(left) == _bare(right) else "other")


def _bare(text: str) -> str:
    """Letters and digits; a text of other signs only is itself."""
    return "".join(c for c in text.casefold() if c.isalnum()) or text


@dataclass(frozen=True)
class PairLine:
    """One pair. `group`: pairs with the same one hang together; `records` and `golden`: the left above the right."""

    token: str
    group: str
    probability: str
    why: str
    records: str
    golden: str
    cells: Sequence[PairCell]

    @property
    def locked(self) -> list[str]:
        """The texts that must come back as they were sent, in the order of the sheet."""
        texts = (self.group, self.probability, self.why, self.records, self.golden)
        return [*texts, *(cell.text for cell in self.cells)]


@dataclass(frozen=True)
class ReviewContent:
    """Everything a review workbook says. `facts`: the lines of the summary, (word, text), the client first;
    `stewards`: who may decide; `rest`: pairs that did not fit."""

    token: str
    client_id: str
    language: str
    facts: Sequence[tuple[str, str]]
    columns: Sequence[str]
    lines: Sequence[PairLine]
    stewards: Sequence[str] = field(default_factory=tuple)
    rest: int = 0
