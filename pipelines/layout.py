"""The layout of a file: what of it must stay as it is for the profile to read it, night after night."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

MOST_SHAPES = 6
SHAPE_CHARS = 16

_DIGITS = re.compile(r"\d+")
_LETTERS = re.compile(r"[^\W\d_]+")
_WORDS = re.compile(r"A(?: A)+")


def shape_of(text: str) -> str:
    """The form of a cell without its content: runs of digits are 9, of letters A, several words are two.

    >>> shape_of("1.234,50"), shape_of("2026-10-05"), shape_of("DE89 3704"), shape_of("Anna Maria Huber")
    ('9.9,9', '9-9-9', 'A9 9', 'A A')
    """
    text = _LETTERS.sub("A", _DIGITS.sub("9", " ".join(text[:200].split())))
    return _WORDS.sub("A A", text)[:SHAPE_CHARS]


@dataclass(frozen=True)
class Shapes:
    """The commonest shapes among the `filled` sampled cells of a column, each with its share of them (0 to 1)."""

    filled: int
    shares: Mapping[str, float]

    @classmethod
    def of(cls, cells: Iterable[str | None]) -> Self:
        """The shapes of some cells; empty ones have none."""
        found = Counter(shape_of(c) for c in cells if c and c.strip())
        filled = found.total()
        return cls(filled, {shape: round(n / filled, 3) for shape, n in found.most_common(MOST_SHAPES)})

    def likeness(self, other: Shapes) -> float | None:
        """Share of the other column's cells whose shape is one of ours; None when either has no cell to go by."""
        if not self.filled or not other.filled:
            return None
        return sum(share for shape, share in other.shares.items() if shape in self.shares)


@dataclass(frozen=True)
class Layout:
    """How one file was read, and the columns found, in order.

    `sheet` is the name of one that the profile does not name; `looks_like` the encoding that the bytes of a text bear
    out where it is not the declared one. `shapes` describe a sample of each column, so that a renamed one can be
    recognised; no cell is kept.
    """

    type: str
    columns: tuple[str, ...]
    encoding: str | None = None
    looks_like: str | None = None
    delimiter: str | None = None
    quote_char: str | None = None
    sheet: str | None = None
    header_rows: tuple[int, ...] = ()
    shapes: tuple[Shapes, ...] = ()

    @property
    def ordered(self) -> bool:
        """Whether the order of the columns is the sender's: objects and elements have none."""
        return self.type not in ("json", "jsonl", "xml")

    def to_json(self) -> str:
        """As kept with the delivery."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The reverse of `to_json`, its JSON already parsed."""
        shapes = tuple(Shapes(s["filled"], s["shares"]) for s in data["shapes"])
        lists = {name: tuple(data[name]) for name in ("columns", "header_rows")}
        return cls(**{**data, **lists, "shapes": shapes})
