"""Writes EDIFACT as partners send it: separators of their own, released texts, breaks where they like them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

Element = str | Sequence[str]


@dataclass(frozen=True)
class Style:
    """How a partner writes: the signs of UNA, whether it says them, what stands behind a segment."""

    component: str = ":"
    element: str = "+"
    release: str = "?"
    terminator: str = "'"
    advice: bool = True
    between: str = "\n"
    syntax: str = "UNOC:3"
    encoding: str = "latin-1"

    def released(self, text: str) -> str:
        """A text whose separators are released."""
        for sign in (self.release, self.component, self.element, self.terminator):
            text = text.replace(sign, self.release + sign)
        return text

    def segment(self, tag: str, *elements: Element) -> str:
        """A segment with its end; empty elements and components at the end are left out."""
        written = [self.component.join(map(self.released, _kept([e] if isinstance(e, str) else e))) for e in elements]
        written = _kept(written)
        return self.element.join([tag, *written]) + self.terminator + self.between


def _kept(parts: Sequence[str]) -> list[str]:
    """Without the empty ones at the end."""
    last = max((n for n, part in enumerate(parts, 1) if part), default=0)
    return list(parts[:last])


PLAIN = Style()
Segments = list[tuple[str, *tuple[Element, ...]]]


def message(style: Style, number: str, kind: str, segments: Segments, *, said: int | None = None) -> list[str]:
    """A message from UNH to UNT; `said` is what the trailer counts, if not what is there."""
    count = str(len(segments) + 2 if said is None else said)
    return [
        style.segment("UNH", number, kind.split(":")),
        *(style.segment(*segment) for segment in segments),
        style.segment("UNT", count, number),
    ]


def interchange(
    messages: Iterable[Sequence[str]],
    *,
    sender: str,
    receiver: str,
    number: str,
    at: datetime,
    style: Style = PLAIN,
    is_test: bool = False,
    closing: str | None = None,
) -> bytes:
    """An interchange as bytes; `closing` is the number in its trailer, if not its own."""
    bodies = [list(m) for m in messages]
    signs = f"{style.component}{style.element}.{style.release} {style.terminator}"
    test = ("", "", "", "", "", "1") if is_test else ()
    head = style.segment(
        "UNB", style.syntax.split(":"), (sender, "14"), (receiver, "14"), (f"{at:%y%m%d}", f"{at:%H%M}"), number, *test
    )
    tail = style.segment("UNZ", str(len(bodies)), number if closing is None else closing)
    text = "".join([f"UNA{signs}{style.between}" if style.advice else "", head, *chain.from_iterable(bodies), tail])
    return text.encode(style.encoding)


def date(value: str, code: str) -> tuple[str, *tuple[Element, ...]]:
    """DTM of an ISO date."""
    return ("DTM", (code, value.replace("-", ""), "102"))


def party(
    code: str, number: str, name: str = "", city: str = "", country: str = ""
) -> tuple[str, *tuple[Element, ...]]:
    """NAD; a name is written in parts of 35 characters."""
    parts = [name[i : i + 35] for i in range(0, len(name), 35)]
    return ("NAD", code, (number, "", "9"), "", parts, "", city, "", "", country)
